import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { type Driver, type StartDriver } from '../../../../test/conformance/driver.js';
import { conformanceOf } from '../../../../test/conformance/behaviours.js';
import { ScalrQueueTestingModule } from './testing.module.js';
import { TestQueue } from './test.queue.js';

/** Virtual time that an assertion may take to hold. */
const PATIENCE = 5_000;
const STEP = 20;

const start: StartDriver = async ({ providers, transactions: _any, ...options }) => {
  const imports = [ScalrQueueTestingModule.forRoot({ ...options, patience: 5 })];
  const module = await Test.createTestingModule({ imports, providers }).compile();
  await module.init();
  const queue = module.get(TestQueue);
  const pass: Driver['pass'] = async (ms) => void (await queue.advance(ms));
  const until: Driver['until'] = async (assertion) => {
    await queue.drain();
    for (let passed = 0; ; passed += STEP) {
      try {
        return await assertion();
      } catch (error) {
        if (passed >= PATIENCE) throw error;
        await pass(STEP);
      }
    }
  };
  return { get: (type) => module.get(type, { strict: false }), pass, until };
};

describe('the test kit', () => {
  conformanceOf(start);
});
