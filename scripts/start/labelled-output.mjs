// @ts-check
import { createInterface } from 'node:readline';

/**
 * Copies a stream to stdout with its owner's name before each line.
 *
 * @param {import('node:stream').Readable} stream
 * @param {string} label
 */
export function copyLabelled(stream, label) {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
    process.stdout.write(`${label} ${line}\n`);
  });
}

/** @param {string} name @param {number} colour ANSI number @param {boolean} [colours] */
export function labelOf(name, colour, colours = usesColours()) {
  const label = `${name.padEnd(6)} |`;
  return colours ? `\u001b[${colour}m${label}\u001b[39m` : label;
}

export function usesColours() {
  return process.stdout.isTTY && !process.env['NO_COLOR'];
}
