/** The kinds of records that name servers are asked for here. */
export const dnsTypes = ['A', 'AAAA', 'SRV', 'PTR', 'CNAME'] as const;
/** One of them. */
export type DnsType = (typeof dnsTypes)[number];

/** A record of a name server, as `dig` shows it: names end with a dot. */
export interface DnsRecord {
  readonly name: string;
  readonly type: DnsType;
  /** An address, a name, or of SRV `0 100 80 name.`. */
  readonly data: string;
  /** How long it may be kept; 30 when absent. */
  readonly seconds?: number;
}
