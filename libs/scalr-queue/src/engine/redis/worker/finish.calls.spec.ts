import type { RedisQueueBackend } from 'bullmq';
import type { RedisClient } from '../connection/redis.client.js';
import { type CompletedJob, countForCall, FinishCalls, isFullCall, type Lane } from './finish.calls.js';

const SETTINGS = { prefix: 'scalr:{app}', queue: 'mail', id: 'w', name: 'host.1', lockDuration: 30_000 };
const NOW = 1_700_000_000_000;
const RUN = ['processedOn', String(NOW), 'pb', 'host.1'];

/** Calls that are answered with this, what was sent, and a lane to send in. */
function startCalls(answer: unknown) {
  const sent: unknown[][] = [];
  const client = {
    defineCommand: () => undefined,
    scalrFinishJobs: (...args: unknown[]) => (sent.push(args), Promise.resolve(answer)),
  };
  const keys = new Proxy({}, { get: (_keys, name: string) => `mail:${name}` });
  const backend = { keys } as unknown as RedisQueueBackend;
  const lane: Lane = { number: 2, calls: 0 };
  const calls = new FinishCalls(backend, client as unknown as RedisClient, SETTINGS);
  return { calls, lane, sent };
}

/** The arguments of a call that was sent, after the keys. */
const argumentsOf = (sent: unknown[] = []) => sent.slice(1 + Number(sent[0]));

const ended = (more: Partial<CompletedJob> = {}): CompletedJob => ({
  id: 'a~1', token: 'w:1', result: '7', attempts: 1, isKept: true, next: 'apart', ...more,
}); // prettier-ignore

describe('a call that ends and takes jobs', () => {
  it('names its keys, numbers itself in its lane, and describes each job that has ended', async () => {
    const { calls, lane, sent } = startCalls(['[{},{},"",0]']);
    await calls.send(lane, NOW, [ended(), ended({ id: 'a~2', isKept: false, next: true })]);
    await calls.send(lane, NOW, [ended({ next: false })]);
    const [first = [], second] = sent;
    expect(first[0]).toBe(12);
    expect(first.slice(11, 13)).toEqual(['scalr:{app}:~finished:w:2', 'scalr:{app}:~ahead:mail']);
    const common = ['scalr:{app}:mail:', 1, 300_000, NOW, 30_000, 'host.1'];
    const [one, other] = [
      ['a~1', 'w:1', '7', 1, 1, 2],
      ['a~2', 'w:1', '7', 1, 0, 1],
    ];
    expect(argumentsOf(first)).toEqual([...common, 0, 0, '', '', '', ...one, ...other]);
    expect(argumentsOf(second)[1]).toBe(2);
    expect(argumentsOf(second).slice(-6)).toEqual(['a~1', 'w:1', '7', 1, 1, 0]);
  });

  it('says what it wants, and what the worker has that has not run', async () => {
    const { calls, lane, sent } = startCalls(['[{},{},"",0]']);
    const wanted = { token: 'w:5', slots: 3, ahead: 4, noted: ['a~1', 'w:4'], notes: true };
    await calls.send(lane, NOW, [], wanted);
    await calls.send(lane, NOW, [], { ...wanted, noted: [], notes: false });
    expect(argumentsOf(sent[0]).slice(6)).toEqual([3, 4, 'w:5', 'w:2', '["a~1","w:4"]']);
    expect(argumentsOf(sent[1]).slice(6)).toEqual([3, 4, 'w:5', '', '']);
  });

  it('brings jobs with short and long records, and those without one that can be read', async () => {
    const short = ['name', 'a', 'data', '{"to":"\u00e4"}', 'ats', '1'];
    const long = ['name', 'b', 'data', 'x'.repeat(5_000), 'ats', '2'];
    const text = JSON.stringify([
      [0, 1],
      [
        [1, 'a~1', short],
        [2, 'a~2', 1],
        [3, 'a~3', false],
      ],
      '1700000000001',
      1,
    ]);
    const { calls, lane } = startCalls([text, long]);
    const answer = await calls.send(lane, NOW, [ended(), ended()]);
    expect(answer).toEqual([
      [0, 1],
      [
        [1, 'a~1', [...short, ...RUN]],
        [2, 'a~2', ['name', 'b', 'data', 'x'.repeat(5_000), 'ats', '2', ...RUN]],
        [3, 'a~3'],
      ],
      '1700000000001',
      1,
    ]);
  });

  it('brings none where Lua tells of none', async () => {
    const { calls, lane } = startCalls(['[[0],{},"",0]']);
    expect(await calls.send(lane, NOW, [ended()])).toEqual([[0], [], '', 0]);
  });

  it('is the business of the engine where the queue has a rate limit', async () => {
    const { calls, lane } = startCalls(null);
    expect(await calls.send(lane, NOW, [ended()])).toBeNull();
    expect(lane.calls).toBe(1);
  });
});

describe('the jobs of a call', () => {
  const of = (length: number) => ({ result: 'x'.repeat(length) });

  it('are 32 at the most, fewer where their results are long, and one whatever it is', () => {
    expect(countForCall(Array.from({ length: 40 }, () => of(1)))).toBe(32);
    expect(countForCall(Array.from({ length: 5 }, () => of(100_000)))).toBe(2);
    expect(countForCall([of(300_000), of(1)])).toBe(1);
    expect(countForCall([])).toBe(0);
  });

  it('are a full call by their number or by their results', () => {
    expect([isFullCall(31, 0), isFullCall(32, 0)]).toEqual([false, true]);
    expect([isFullCall(1, 256 * 1_024 - 1), isFullCall(1, 256 * 1_024)]).toEqual([false, true]);
  });
});
