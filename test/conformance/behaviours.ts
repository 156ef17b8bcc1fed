import { attemptBehaviours } from './attempts.behaviour.js';
import { claimBehaviours } from './claims.behaviour.js';
import { contextBehaviours } from './context.behaviour.js';
import type { StartDriver } from './driver.js';
import { effectBehaviours } from './effects.behaviour.js';
import { endingBehaviours } from './endings.behaviour.js';
import { enhancerBehaviours } from './enhancers.behaviour.js';
import { enqueueBehaviours } from './enqueue.behaviour.js';
import { hookBehaviours } from './hooks.behaviour.js';
import { itemBehaviours } from './items.behaviour.js';
import { operationBehaviours } from './operations.behaviour.js';
import { resultBehaviours } from './results.behaviour.js';
import { tagBehaviours } from './tags.behaviour.js';
import { transactionBehaviours } from './transactions.behaviour.js';

/** Everything that must be the same with Redis and with the test kit. */
export function conformanceOf(start: StartDriver) {
  enqueueBehaviours(start);
  claimBehaviours(start);
  attemptBehaviours(start);
  endingBehaviours(start);
  operationBehaviours(start);
  tagBehaviours(start);
  resultBehaviours(start);
  contextBehaviours(start);
  enhancerBehaviours(start);
  hookBehaviours(start);
  effectBehaviours(start);
  itemBehaviours(start);
  transactionBehaviours(start);
}
