import { onTestFinished } from 'vitest';
import type { Call, Route, Viewer } from './router.js';
import { SharedAnswers } from './shared.answers.js';

const VERA: Viewer = { user: 'vera', role: 'view', payload: false };

const callOf = (viewer: Partial<Viewer> = {}, query = '') =>
  ({ viewer: { ...VERA, ...viewer }, query: new URLSearchParams(query) }) as Call;

function counting(sharedFor?: number) {
  const read = vi.fn<() => number>();
  let reads = 0;
  read.mockImplementation(() => ++reads);
  const route: Route = {
    method: 'GET',
    path: '/x',
    role: 'view',
    answer: read,
    ...(sharedFor ? { sharedFor } : {}),
  };
  return { route, read };
}

it('reads once for all who ask the same and may see the same', async () => {
  const { route, read } = counting(60_000);
  const answers = new SharedAnswers();
  const asks = [callOf(), callOf({ user: 'otto', role: 'operate' }), callOf()];
  expect(await Promise.all(asks.map((call) => answers.get(route, '/x', call)))).toEqual([1, 1, 1]);
  for (const other of [callOf({ apps: ['shop'] }), callOf({ payload: true }), callOf({}, 'app=shop')])
    await answers.get(route, '/x', other);
  await answers.get(route, '/y', callOf());
  expect(read).toHaveBeenCalledTimes(5);
  answers.forget();
  expect(await answers.get(route, '/x', callOf())).toBe(6);
});

it('reads for each where nothing is shared', async () => {
  const { route } = counting();
  const answers = new SharedAnswers();
  expect([answers.get(route, '/x', callOf()), answers.get(route, '/x', callOf())]).toEqual([1, 2]);
});

it('keeps so many answers, and lets the one go first that nobody asked for', async () => {
  const { route, read } = counting(60_000);
  const answers = new SharedAnswers();
  for (let page = 0; page < 200; page++) await answers.get(route, `/${page}`, callOf());
  await answers.get(route, '/0', callOf());
  await answers.get(route, '/new', callOf());
  expect(read).toHaveBeenCalledTimes(201);
  expect(await answers.get(route, '/0', callOf())).toBe(1);
  expect(await answers.get(route, '/1', callOf())).toBe(202);
});

it('tries again soon what has failed, however long an answer is kept', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { route, read } = counting(60_000);
  read.mockImplementationOnce(() => {
    throw new Error('away');
  });
  const answers = new SharedAnswers();
  const get = () => Promise.resolve(answers.get(route, '/x', callOf()));
  await expect(get()).rejects.toThrow('away');
  await expect(get()).rejects.toThrow('away');
  vi.advanceTimersByTime(1_100);
  expect(await get()).toBe(1);
  vi.advanceTimersByTime(50_000);
  expect(await get()).toBe(1);
});
