/** A run ends without an outcome: its job waits for a later time, with no attempt used. */
export class Postponed extends Error {
  override readonly name: string = 'Postponed';
}

/** Postponed, as this worker has no handler for the job. */
export class Deferred extends Postponed {
  /**
   * @param isFirst whether it was not deferred just before
   * @param standBack milliseconds for which this worker fetches nothing unless jobs wait that nobody takes
   */
  constructor(
    readonly isFirst: boolean,
    readonly standBack: number,
  ) {
    super();
  }
}

/** A run ends without an outcome: its job is back at the front of its queue, with no attempt used. */
export class Released extends Error {
  override readonly name = 'Released';
}

/** A run ends early, as its worker is closing: the job is to go to the front of its queue, with no attempt used. */
export class HandBack extends Error {
  override readonly name = 'HandBack';
}
