/** The shells there are scripts for. */
export const shells: readonly string[] = ['bash', 'zsh', 'fish', 'powershell'];

const about =
  '# Asks the program itself what may stand in a place: `kubectl __complete WORD...` answers with a candidate on each\n' +
  '# line, some with a tab and a description behind them, and with `:N` at the end, where N is the sum of\n' +
  '# 1 (error), 2 (no space behind it), 4 (no files) and 8 (the candidates are extensions of files).\n';

/** A script as it is written here, with the shell's own dollars and braces behind a backslash. */
function script(text: string): string {
  return text.replaceAll(String.raw`\$`, '$');
}

const bash = script(String.raw`# bash completion for kubectl -*- shell-script -*-
${about}
# The words of the line, as _init_completion of bash-completion leaves them, or as near as one comes without it.
__kubectl_words() {
    if declare -F _init_completion >/dev/null 2>&1; then
        _init_completion -n =: || return
        return
    fi
    words=("\${COMP_WORDS[@]}")
    cword=$COMP_CWORD
    cur=\${words[cword]}
    # Readline takes "--output=json" for three words.
    if [[ $cur == = && $cword -gt 1 ]]; then
        cur=\${words[cword-1]}=
        words=("\${words[@]:0:cword-1}" "$cur")
        ((cword -= 1))
    elif [[ $cword -gt 2 && \${words[cword-1]} == = ]]; then
        cur=\${words[cword-2]}=$cur
        words=("\${words[@]:0:cword-2}" "$cur")
        ((cword -= 2))
    fi
}

__start_kubectl() {
    local cur prev words cword split
    COMPREPLY=()
    __kubectl_words || return

    # An alias is no program that could be asked.
    local program=\${words[0]}
    type -P "$program" >/dev/null || program=kubectl
    # Words are handed on as the shell will hand them on, without their quotes.
    local -a given=()
    local word answer directive
    for word in "\${words[@]:1:cword}"; do
        case $word in
            \'*\' | \"*\") word=\${word:1:\${#word}-2} ;;
            *) word=\${word//\\/} ;;
        esac
        given+=("$word")
    done
    answer=$("$program" __complete "\${given[@]}" 2>/dev/null)
    directive=\${answer##*:}
    [[ $directive =~ ^[0-9]+$ ]] || return
    answer=\${answer%:*}
    ((directive & 1)) && return
    if [[ $(type -t compopt) == builtin ]]; then
        ((directive & 2)) && compopt -o nospace 2>/dev/null
        ((directive & 4)) && compopt +o default 2>/dev/null
    fi
    [[ $cur == -*=* ]] && cur=\${cur#*=}

    local line name
    if ((directive & 8)); then
        local pattern=''
        while IFS='' read -r line; do
            [[ -n $line ]] && pattern+="\${pattern:+|}$line"
        done <<<"$answer"
        if declare -F _filedir >/dev/null 2>&1; then
            _filedir "@($pattern)"
        else
            while IFS='' read -r name; do
                [[ -d $name || $name =~ \.($pattern)$ ]] && COMPREPLY+=("$name")
            done < <(compgen -f -- "$cur")
        fi
        return
    fi

    local -a names=() texts=()
    local longest=0
    while IFS='' read -r line; do
        name=\${line%%$'\t'*}
        [[ -n $name && $name == "$cur"* ]] || continue
        names+=("$name")
        texts+=("$line")
        ((\${#name} > longest)) && longest=\${#name}
    done <<<"$answer"
    for name in "\${names[@]}"; do
        printf -v name '%q' "$name"
        COMPREPLY+=("$name")
    done
    # Descriptions are for a list that is only looked at.
    if [[ \${#names[@]} -gt 1 && ($COMP_TYPE == 63 || $COMP_TYPE == 33 || $COMP_TYPE == 64) ]]; then
        COMPREPLY=()
        local index
        for index in "\${!names[@]}"; do
            name=\${names[index]}
            line=\${texts[index]}
            if [[ $line == *$'\t'* ]]; then
                printf -v line '%-*s  (%s)' "$longest" "$name" "\${line#*$'\t'}"
                COMPREPLY+=("\${line:0:\${COLUMNS:-80}}")
            else
                COMPREPLY+=("$name")
            fi
        done
    fi
    # What stands before a colon is a word of its own for readline.
    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        local before=\${cur%"\${cur##*:}"} at
        for at in "\${!COMPREPLY[@]}"; do
            COMPREPLY[at]=\${COMPREPLY[at]#"$before"}
        done
    fi
}

complete -o default -F __start_kubectl kubectl kubectl-ts
`);

const zsh = script(String.raw`#compdef kubectl kubectl-ts
compdef _kubectl kubectl kubectl-ts

# zsh completion for kubectl
${about}
_kubectl() {
    local -a answer candidates options extensions
    local line directive program=\${words[1]}
    whence -p -- "$program" >/dev/null || program=kubectl
    answer=("\${(@f)$("$program" __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    directive=\${answer[-1]#:}
    [[ $directive == <-> ]] || return 1
    (( directive & 1 )) && return 1
    (( directive & 2 )) && options=(-S '')
    [[ \${words[CURRENT]} == -*=* ]] && compset -P '*='
    if (( directive & 8 )); then
        extensions=(\${answer[1,-2]})
        _files -g "*.(\${(j:|:)extensions})(-.)"
        return
    fi
    for line in \${answer[1,-2]}; do
        [[ -n $line ]] || continue
        line=\${line//:/\\:}
        candidates+=("\${line/$'\t'/:}")
    done
    if (( $#candidates )); then
        # The empty suffix must stay a word.
        _describe 'kubectl' candidates "\${options[@]}"
    elif (( ! (directive & 4) )); then
        _files
    fi
}

# Autoloaded, the file itself is the function.
if [[ $funcstack[1] == _kubectl ]]; then
    _kubectl "$@"
fi
`);

const fish = script(String.raw`# fish completion for kubectl
${about}
function __kubectl_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    command -q $program; or set program kubectl
    set -e words[1]
    set -l answer (command $program __complete $words "$current" 2>/dev/null)
    set -l directive (string replace -r '^:' '' -- $answer[-1])
    string match -qr '^[0-9]+$' -- $directive; or return 1
    set -e answer[-1]
    test (math "bitand($directive, 1)") -eq 1; and return 1
    if test (math "bitand($directive, 8)") -eq 8
        for extension in $answer
            __fish_complete_suffix .$extension
        end
        return
    end
    # A value that stands behind its flag is completed with it.
    set -l before (string match -r -- '^-[^=]*=' $current)
    for candidate in $answer
        test -n "$candidate"; and printf '%s%s\n' "$before" $candidate
    end
    if test (count $answer) -eq 0 -a (math "bitand($directive, 4)") -eq 0
        __fish_complete_path $current
    end
end

for program in kubectl kubectl-ts
    complete -c $program -e
    complete -c $program -f -a '(__kubectl_candidates)'
end
`);

const powershell = script(String.raw`# powershell completion for kubectl
${about}
Register-ArgumentCompleter -Native -CommandName 'kubectl', 'kubectl-ts' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    $program = $words[0]
    $rest = @($words | Select-Object -Skip 1)
    # Behind a space a new word begins, which PowerShell leaves out; it must reach the program all the same.
    if ($wordToComplete -eq '') {
        $empty = if ($PSVersionTable.PSVersion -ge [version]'7.3') { '' } else { '""' }
        $rest += $empty
    }
    $answer = @(& $program '__complete' @rest 2>$null)
    if ($answer.Count -eq 0 -or $answer[-1] -notmatch '^:(\d+)$') { return }
    $directive = [int]$Matches[1]
    if (($directive -band 1) -ne 0) { return }
    $candidates = @($answer | Select-Object -SkipLast 1 | Where-Object { $_ -ne '' })
    if (($directive -band 8) -ne 0 -or ($candidates.Count -eq 0 -and ($directive -band 4) -eq 0)) { return }
    if ($candidates.Count -eq 0) { return '' }

    $before = if ($wordToComplete -match '^(-[^=]*=)') { $Matches[1] } else { '' }
    $space = if (($directive -band 2) -ne 0) { '' } else { ' ' }
    foreach ($candidate in $candidates) {
        $name, $description = $candidate -split [char]9, 2
        if (-not $description) { $description = $name }
        $text = "$before$name"
        if ($text -notlike "$wordToComplete*") { continue }
        [System.Management.Automation.CompletionResult]::new("$text$space", $name, 'ParameterValue', $description)
    }
}
`);

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish, powershell };

/** The script that teaches a shell to complete; undefined for a shell there is none for. */
export function completionScript(shell: string): string | undefined {
  return Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
}
