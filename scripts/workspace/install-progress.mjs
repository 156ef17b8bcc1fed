// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The packages that package-lock.json has for this machine, as the folders that npm makes for them.
 *
 * @param {string} root of the workspace
 * @returns {string[]}
 */
export function wantedPackages(root) {
  /** @type {Record<string, { link?: boolean, os?: string[], cpu?: string[], libc?: string[] }>} */
  const packages = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(packages)
    .filter(([path, { link, os, cpu }]) => {
      return path.includes('node_modules/') && !link && fits(os, process.platform) && fits(cpu, process.arch);
    })
    .map(([path]) => path);
}

/**
 * Says every few seconds how far `npm ci` is: it takes minutes on a slow network, and npm says nothing where its output is no
 * terminal.
 *
 * @param {string} root of the workspace
 * @param {(line: string) => void} log
 * @param {number} [interval] in milliseconds
 * @returns {() => void} ends it
 */
export function showProgress(root, log, interval = 5_000) {
  const wanted = wantedPackages(root);
  const begun = Date.now();
  const timer = setInterval(() => {
    const there = wanted.filter((path) => existsSync(join(root, path, 'package.json'))).length;
    const seconds = Math.round((Date.now() - begun) / 1_000);
    log(`  ${there} of ${wanted.length} packages after ${seconds} s`);
  }, interval);
  return () => clearInterval(timer);
}

/** @param {string[] | undefined} allowed @param {string} own */
function fits(allowed, own) {
  return !allowed || (allowed.includes(own) && !allowed.includes(`!${own}`));
}
