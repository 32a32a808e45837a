import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** What is not out there: this machine, its network, the cloud's metadata, and addresses that stand for such. */
const INNER: readonly [string, number, "ipv4" | "ipv6"][] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.88.99.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  // Of IPv6 only what is given out to the world is public; the rest is local, reserved, or wraps an IPv4 address.
  ["::", 3, "ipv6"],
  ["4000::", 2, "ipv6"],
  ["8000::", 1, "ipv6"],
  ["2001::", 23, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["3fff::", 20, "ipv6"],
];

const blocked = new BlockList();
for (const [network, bits, family] of INNER) blocked.addSubnet(network, bits, family);

/** Whether an address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && !blocked.check(address, version === 4 ? "ipv4" : "ipv6");
}

/** The address itself, when a host is written as one: such a host is never looked up. */
export function addressIn(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(bare) === 0 ? undefined : bare;
}

export class InnerAddressError extends Error {
  constructor() {
    super("The address is not one of the public internet");
    this.name = "InnerAddressError";
  }
}

/**
 * Looks a name up for a connection and gives only public addresses to connect to: what was checked is what is
 * connected to, so a name cannot change its meaning in between.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return callback(error, "", 0);
    const [first, ...rest] = found.filter(({ address }) => isPublicAddress(address));
    if (!first) return callback(new InnerAddressError(), "", 0);
    if (options.all) callback(null, [first, ...rest]);
    else callback(null, first.address, first.family);
  });
};
