import { setTimeout as pause } from 'node:timers/promises';
import { conformanceOf } from '../conformance/behaviours.js';
import type { StartDriver } from '../conformance/driver.js';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const start: StartDriver = async (options) => {
  const { get } = await startBoth(options);
  // Here time goes by only by itself.
  return { get, pass: (ms) => pause(ms), until: (assertion) => eventually(assertion) };
};

describe('the real engine', () => {
  conformanceOf(start);
});
