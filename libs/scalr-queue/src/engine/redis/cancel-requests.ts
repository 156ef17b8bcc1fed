/** A running job among the requests to cancel. Names of queues hold no space. */
export const cancelMember = (queue: string, storedId: string): string => `${queue} ${storedId}`;

/** The reverse of {@link cancelMember}. */
export function parseCancelMember(member: string): { queue: string; storedId: string } {
  const at = member.indexOf(' ');
  return { queue: member.slice(0, at), storedId: member.slice(at + 1) };
}
