// @ts-check

/** A figure that could not be had is told of, and the others are measured all the same. */
export class Attempts {
  /** @type {string[]} */
  failures = [];
  /** What has failed takes its whole patience each time: it is not tried in later rounds. @type {Set<string>} */
  given = new Set();

  /** @template T @param {string} what @param {() => Promise<T>} measure @returns {Promise<T | undefined>} */
  async try(what, measure) {
    if (this.given.has(what)) return undefined;
    try {
      return await measure();
    } catch (error) {
      this.given.add(what);
      this.note(`${what}: ${/** @type {Error} */ (error).message}`);
      return undefined;
    }
  }

  /** @param {string} text */
  note(text) {
    const line = text.split('\n')[0] ?? '';
    console.error(`FAILED ${text}`);
    if (!this.failures.includes(line)) this.failures.push(line);
  }
}
