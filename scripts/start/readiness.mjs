// @ts-check
import { setTimeout as pause } from 'node:timers/promises';

/** @typedef {import('./application.mjs').Application} Application */

const deadline = 30_000;

/**
 * Resolves when every application says it is ready; rejects with what the others said last.
 *
 * @param {Application[]} applications
 * @param {AbortSignal} signal
 */
export async function becomeReady(applications, signal) {
  const answers = await Promise.all(applications.map((application) => lastAnswer(application, signal)));
  const late = answers.filter((answer) => answer !== undefined);
  if (late.length > 0) throw new Error(`not ready after ${deadline / 1_000} s: ${late.join('; ')}`);
}

/**
 * @param {Application} application
 * @param {AbortSignal} signal
 * @returns {Promise<string | undefined>} `undefined` once it is ready
 */
async function lastAnswer({ name, url }, signal) {
  const until = Date.now() + deadline;
  let answer = '';
  while (Date.now() < until) {
    try {
      const response = await fetch(`${url}/health/ready`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
      });
      if (response.status === 200) return undefined;
      answer = `${response.status} ${await response.text()}`;
    } catch (error) {
      answer = reason(error);
    }
    await pause(100, undefined, { signal });
  }
  return `${name} (${url}/health/ready) answered ${answer}`;
}

/** @param {unknown} error fetch hides the reason in its cause */
function reason(error) {
  const { message, cause } = /** @type {Error & { cause?: { code?: string } }} */ (error);
  return cause?.code ?? message;
}
