/** The kinds of records of the cluster's DNS. */
export type DnsType = 'A' | 'AAAA' | 'SRV' | 'PTR' | 'CNAME';

/** A record of the cluster's DNS, as `dig` shows it: names end with a dot. */
export interface DnsRecord {
  readonly name: string;
  readonly type: DnsType;
  /** An address, a name, or of SRV `0 100 80 name.`. */
  readonly data: string;
}
