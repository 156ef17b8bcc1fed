/** A run ends without an outcome: its job waits for a later time, with no attempt used. */
export class Postponed extends Error {
  override readonly name: string = 'Postponed';
}

/** A run ends without an outcome: its job is back at the front of its queue, with no attempt used. */
export class Released extends Error {
  override readonly name = 'Released';
}
