import { randomUUID } from 'node:crypto';
import type { LimitRule } from '../../../libs/scalr-queue/src/contract/limit-rule.js';
import type { LimitCall, SharedEngine } from '../../../libs/scalr-queue/src/engine/shared.engine.js';
import { AskedOf } from '../engine/engine.js';
import { castBehaviours, lockBehaviours, type MadeShared } from './lock.behaviours.js';

// Long enough for a machine that is busy: where a store has a time of its own, nothing here may take as long as a third of them.
const BUCKET: LimitRule = { kind: 'bucket', capacity: 3, refill: 1, per: 900 };
const PLENTY: LimitRule = { kind: 'bucket', capacity: 100, refill: 1, per: 900 };
const WINDOW: LimitRule = { kind: 'window', max: 3, per: 900 };
const PLACES: LimitRule = { kind: 'concurrent', max: 2, lease: 900 };

const callOf = (rule: LimitRule, part: Partial<LimitCall> = {}): LimitCall => ({
  name: 'stripe',
  key: '',
  rule,
  cost: 1,
  token: randomUUID(),
  who: '',
  ...part,
});

/** What every engine has to do for `scalr-queue/shared`: the specification of SharedEngine. */
export function sharedBehaviours(make: () => Promise<MadeShared>): void {
  const asked = new AskedOf<SharedEngine>('SharedEngine');
  const makeShared = async (): Promise<MadeShared> => {
    const made = await make();
    return { ...made, engine: asked.note(made.engine) };
  };

  limitBehaviours(makeShared);
  placeBehaviours(makeShared);
  breakerBehaviours(makeShared);
  lockBehaviours(makeShared);
  castBehaviours(makeShared);

  it('is asked for everything that the seam of shared things declares', () => {
    expect(asked.unused()).toEqual([]);
  });
}

function limitBehaviours(make: () => Promise<MadeShared>): void {
  describe('a bucket', () => {
    it('grants what it holds, then what came back, and says when', async () => {
      const { engine, pass } = await make();
      const call = callOf(BUCKET);
      expect(await engine.limits.take({ ...call, cost: 2 })).toMatchObject({
        granted: true,
        left: 1,
        resetIn: 0,
      });
      const denied = await engine.limits.take({ ...call, cost: 2 });
      expect(denied).toMatchObject({ granted: false, open: false, left: 1 });
      expect(denied.resetIn).toBeGreaterThan(0);
      expect(denied.resetIn).toBeLessThanOrEqual(900);
      await pass(denied.resetIn);
      expect(await engine.limits.take({ ...call, cost: 2 })).toMatchObject({ granted: true, left: 0 });
    });

    it('holds no more than its capacity, however long it rests', async () => {
      const { engine, pass } = await make();
      await engine.limits.take(callOf(BUCKET));
      await pass(1_200);
      expect(await engine.limits.take(callOf(BUCKET, { cost: 4 }))).toMatchObject({
        granted: false,
        left: 3,
      });
    });

    it('takes nothing for a look', async () => {
      const { engine } = await make();
      for (const rule of [BUCKET, WINDOW, PLACES]) {
        const call = callOf(rule, { name: rule.kind });
        const most = rule.kind === 'concurrent' ? 2 : 3;
        const asked = () => engine.limits.take({ ...call, cost: 0 });
        expect(await asked()).toMatchObject({ granted: true, left: most });
        expect(await asked()).toMatchObject({ granted: true, left: most });
        await engine.limits.take({ ...call, cost: most });
        const full = await asked();
        expect(full).toMatchObject({ granted: false, left: 0 });
        expect(full.resetIn).toBeGreaterThan(0);
      }
    });
  });

  describe('a window', () => {
    it('grants no more within its time, wherever that begins', async () => {
      const { engine, pass } = await make();
      expect((await engine.limits.take(callOf(WINDOW))).granted).toBe(true);
      await pass(450);
      expect(await engine.limits.take(callOf(WINDOW, { cost: 2 }))).toMatchObject({ granted: true, left: 0 });
      const denied = await engine.limits.take(callOf(WINDOW));
      expect(denied.granted).toBe(false);
      expect(denied.resetIn).toBeLessThanOrEqual(470);
      await pass(denied.resetIn);
      // What the second call took has not left the window.
      expect(await engine.limits.take(callOf(WINDOW, { cost: 2 }))).toMatchObject({
        granted: false,
        left: 1,
      });
      expect((await engine.limits.take(callOf(WINDOW))).granted).toBe(true);
    });

    it('is empty again after a rest', async () => {
      const { engine, pass } = await make();
      await engine.limits.take(callOf(WINDOW, { cost: 3 }));
      await pass(950);
      expect(await engine.limits.take(callOf(WINDOW))).toMatchObject({ granted: true, left: 2 });
    });
  });

  it('counts each key of a limiter, and each limiter, for itself', async () => {
    const { engine } = await make();
    for (const rule of [BUCKET, WINDOW, PLACES]) {
      const most = rule.kind === 'concurrent' ? 2 : 3;
      const call = callOf(rule, { name: rule.kind, cost: most });
      expect((await engine.limits.take({ ...call, key: 'a:b' })).granted).toBe(true);
      expect((await engine.limits.take({ ...call, key: 'a:b', cost: 1 })).granted).toBe(false);
      expect((await engine.limits.take({ ...call, key: 'a' })).granted).toBe(true);
      expect((await engine.limits.take({ ...call, name: `${rule.kind}2`, key: 'a:b' })).granted).toBe(true);
    }
  });

  it('shows who waits for what, until it is granted or has gone away', async () => {
    const { engine, pass } = await make();
    await engine.limits.declare('stripe', WINDOW);
    expect(await engine.limits.list()).toEqual([
      { name: 'stripe', key: '', rule: WINDOW, left: 3, resetIn: 0, waiting: 0, waiters: [] },
    ]);
    const call = callOf(WINDOW, { key: 'acme', cost: 3, who: 'job mail.send 1' });
    await engine.limits.take(call);
    const denied = await engine.limits.take(call);
    expect(denied.waiting).toBe(0);
    const second = await engine.limits.take({ ...call, who: 'job mail.send 2' });
    expect(second.waiting).toBe(1);
    const listed = await engine.limits.list();
    expect(listed.find(({ key }) => key === 'acme')).toMatchObject({ left: 0, waiting: 2 });
    expect(listed.find(({ key }) => key === 'acme')!.waiters.toSorted()).toEqual([
      'job mail.send 1',
      'job mail.send 2',
    ]);
    await pass(denied.resetIn);
    expect((await engine.limits.take(call)).granted).toBe(true);
    const left = (await engine.limits.list()).find(({ key }) => key === 'acme');
    expect(left?.waiters).toEqual(['job mail.send 2']);
  });
}

function placeBehaviours(make: () => Promise<MadeShared>): void {
  describe('a concurrent limiter', () => {
    it('has as many holders as it says, until they give their place back', async () => {
      const { engine } = await make();
      const [one, two, three] = [callOf(PLACES), callOf(PLACES), callOf(PLACES)];
      expect(await engine.limits.take(one)).toMatchObject({ granted: true, left: 1 });
      expect(await engine.limits.take(two)).toMatchObject({ granted: true, left: 0 });
      expect(await engine.limits.take(three)).toMatchObject({ granted: false, left: 0 });
      await engine.limits.release(one);
      expect((await engine.limits.take(three)).granted).toBe(true);
    });

    it('frees a place whose lease has ended, and tells its holder', async () => {
      const { engine, pass } = await make();
      const [held, lost] = [callOf(PLACES), callOf(PLACES)];
      await engine.limits.take(held);
      await engine.limits.take(lost);
      await pass(450);
      expect(await engine.limits.renew(held)).toBe(true);
      await pass(600);
      expect((await engine.limits.take(callOf(PLACES))).granted).toBe(true);
      expect((await engine.limits.take(callOf(PLACES))).granted).toBe(false);
      expect(await engine.limits.renew(lost)).toBe(false);
      expect(await engine.limits.renew(held)).toBe(true);
    });

    it('gives several places for a cost, or none', async () => {
      const { engine } = await make();
      const two = callOf(PLACES, { cost: 2 });
      await engine.limits.take(two);
      expect((await engine.limits.take(callOf(PLACES))).granted).toBe(false);
      expect(await engine.limits.renew(two)).toBe(true);
      await engine.limits.release(two);
      expect(await engine.limits.take(callOf(PLACES))).toMatchObject({ granted: true, left: 1 });
      expect((await engine.limits.take(two)).granted).toBe(false);
    });
  });
}

function breakerBehaviours(make: () => Promise<MadeShared>): void {
  const breaker = { failures: 2, per: 10_000, open: 900 };

  describe('a breaker', () => {
    it('opens after enough failures, tries one, and closes when that succeeds', async () => {
      const { engine, pass } = await make();
      const call = callOf(PLENTY, { breaker });
      await engine.limits.take(call);
      await engine.limits.ended(call, true);
      expect(await engine.limits.take(call)).toMatchObject({ granted: true, trial: false });
      await engine.limits.ended(call, true);
      const open = await engine.limits.take(call);
      expect(open).toMatchObject({ granted: false, open: true });
      expect(open.resetIn).toBeLessThanOrEqual(900);
      await pass(open.resetIn);
      expect(await engine.limits.take(call)).toMatchObject({ granted: true, trial: true });
      // One at a time.
      expect(await engine.limits.take(call)).toMatchObject({ granted: false, open: true });
      await engine.limits.ended(call, false);
      expect(await engine.limits.take(call)).toMatchObject({ granted: true, trial: false });
      await engine.limits.ended(call, true);
      expect((await engine.limits.take(call)).granted).toBe(true);
    });

    it('opens again when the one that tries fails', async () => {
      const { engine, pass } = await make();
      const call = callOf(PLENTY, { breaker });
      await engine.limits.ended(call, true);
      await engine.limits.ended(call, true);
      await pass(950);
      expect((await engine.limits.take(call)).trial).toBe(true);
      await engine.limits.ended(call, true);
      expect(await engine.limits.take(call)).toMatchObject({ granted: false, open: true });
    });

    it('forgets failures that are older than its time', async () => {
      const { engine, pass } = await make();
      const call = callOf(PLENTY, { breaker: { ...breaker, per: 600 } });
      await engine.limits.ended(call, true);
      await pass(700);
      await engine.limits.ended(call, true);
      expect((await engine.limits.take(call)).granted).toBe(true);
    });
  });
}
