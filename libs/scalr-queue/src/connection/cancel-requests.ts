/**
 * The set of requests to cancel running jobs. Not a name that a queue can have. The score says which run of the job is meant: the
 * time at which it started, or (in requests of release 0.1.0) one after it.
 */
export const cancelsKey = (prefix: string): string => `${prefix}:~cancels`;

/** A running job in that set. Names of queues hold no space. */
export const cancelMember = (queue: string, storedId: string): string => `${queue} ${storedId}`;

/** The reverse of {@link cancelMember}. */
export function parseCancelMember(member: string): { queue: string; storedId: string } {
  const at = member.indexOf(' ');
  return { queue: member.slice(0, at), storedId: member.slice(at + 1) };
}

/** Whoever holds it looks after the requests whose run is over. */
export const cancelsLeaseKey = (prefix: string): string => `${cancelsKey(prefix)}:lease`;
