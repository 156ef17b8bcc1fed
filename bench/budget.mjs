// @ts-check

/** How much of the time each phase may take; what one does not use is there for those after it. */
const SHARES = {
  rows: 48,
  outbox: 9,
  shared: 4,
  network: 8,
  boot: 4,
  idle: 5,
  bytes: 2,
  backlogs: 15,
  scrape: 5,
};
/** @typedef {keyof typeof SHARES} Phase */

/** Shares a time out to phases, so that a run ends by itself; the first round of a phase is measured whatever it takes. */
export class Budget {
  /** @param {number} minutes @param {readonly string[]} skipped */
  constructor(minutes, skipped) {
    this.end = performance.now() + minutes * 60_000;
    this.left = new Map(Object.entries(SHARES).filter(([phase]) => !skipped.includes(phase)));
    this.phaseEnd = this.end;
  }

  /** The part of the time that is left for this phase begins now. @param {string} phase @returns {number} seconds of it */
  begin(phase) {
    const all = [...this.left.values()].reduce((sum, share) => sum + share, 0);
    const now = performance.now();
    const span = Math.max(0, this.end - now) * ((this.left.get(phase) ?? 0) / all);
    this.left.delete(phase);
    this.phaseEnd = now + span;
    return span / 1_000;
  }

  /** Whether so many milliseconds fit into what the phase has left. @param {number} ms */
  fits(ms) {
    return performance.now() + ms <= this.phaseEnd;
  }

  /**
   * Rounds of a phase: as many as were asked for, or as fit.
   *
   * @param {number} rounds @param {(round: number) => Promise<unknown>} work
   */
  async rounds(rounds, work) {
    for (let round = 0, longest = 0; round < rounds; round++) {
      if (round > 0 && !this.fits(longest)) return;
      const began = performance.now();
      await work(round);
      longest = Math.max(longest, performance.now() - began);
    }
  }
}
