import { setTimeout as pause } from 'node:timers/promises';
import { conformanceOf } from '../conformance/behaviours.js';
import type { StartDriver } from '../conformance/driver.js';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const endings: (() => Promise<void>)[] = [];
afterAll(async () => void (await Promise.all(endings.map((end) => end()))));

const start: StartDriver = async (options) => {
  const { get } = await startBoth(options, {}, (end) => void endings.push(end));
  // Here time goes by only by itself.
  return { get, pass: (ms) => pause(ms), until: (assertion) => eventually(assertion) };
};

/** Most of the time they wait, each for an app of its own. */
describe.concurrent('the real engine', () => {
  conformanceOf(start);
});
