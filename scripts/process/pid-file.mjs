// @ts-check
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @typedef {object} ProcessRecord
 * @property {number} pid
 * @property {number} supervisor
 * @property {string} marker   text that its command line contains
 * @property {string} cwd
 */

/** @param {string} file @param {ProcessRecord} record */
export function writePidFile(file, record) {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(record)}\n`);
  renameSync(draft, file); // Readers see the old record or the new one, never half of one.
}

/** @param {string} file @returns {ProcessRecord | undefined} */
export function readPidFile(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} file */
export function removePidFile(file) {
  rmSync(file, { force: true });
}
