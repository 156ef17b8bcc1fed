import type { Cluster } from 'ioredis';
import { EventEmitter } from 'node:events';
import { SlotReach } from './slot.reach.js';

type Answer = () => Promise<unknown>;

/** A client of a cluster, as far as the reach looks at it. */
class Nodes extends EventEmitter {
  status = 'connecting';
  readonly asked: string[] = [];
  refreshes = 0;
  answer: Answer = () => Promise.resolve(0);

  sendCommand({ name, args }: { name: string; args: unknown[] }): Promise<unknown> {
    this.asked.push([name, ...args].join(' '));
    return this.answer();
  }

  refreshSlotsCache(done: () => void): void {
    this.refreshes++;
    done();
  }

  fare(status: string, event: string, ...args: unknown[]): void {
    this.status = status;
    this.emit(event, ...args);
  }
}

function start() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const nodes = new Nodes();
  const reach = new SlotReach(nodes as unknown as Cluster, 'scalr:{billing}:~reach');
  const told: string[] = [];
  reach.on('open', () => told.push('open')).on('down', () => told.push('down'));
  return { nodes, reach, told, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

const never = () => new Promise<never>(() => undefined);

describe('the reach of an app in a cluster', () => {
  it('is open once the node with its slot answers, past what holds commands back', async () => {
    const { nodes, reach, told, pass } = start();
    // What an instance holds back is not what is asked.
    Object.assign(nodes, { sendCommand: never });
    expect(reach.underWay).toBeDefined();
    nodes.fare('ready', 'ready');
    expect(reach.open).toBe(false);
    await pass(0);
    expect(nodes.asked).toEqual(['exists scalr:{billing}:~reach']);
    expect(reach.open).toBe(true);
    expect(told).toEqual(['open']);
    expect(reach.underWay).toBeUndefined();
  });

  it('is down while nobody serves the slot, with the reason, and is looked for again', async () => {
    const { nodes, reach, told, pass } = start();
    nodes.answer = () => Promise.reject(new Error('CLUSTERDOWN Hash slot not served'));
    nodes.fare('ready', 'ready');
    await pass(0);
    expect(told).toEqual(['down']);
    expect(reach.reason).toMatchObject({ message: 'CLUSTERDOWN Hash slot not served' });
    expect(reach.open).toBe(false);
    await pass(540);
    expect(nodes.asked).toHaveLength(1);
    await pass(120);
    expect(nodes.refreshes).toBe(1);
    expect(nodes.asked).toHaveLength(2);
    nodes.answer = () => Promise.resolve(0);
    await pass(700);
    expect(reach.open).toBe(true);
    expect(reach.reason).toBeUndefined();
    expect(told).toEqual(['down', 'down', 'open']);
    await pass(5_000);
    expect(nodes.asked).toHaveLength(3);
  });

  it('is down where that node does not answer in time', async () => {
    const { nodes, reach, told, pass } = start();
    nodes.answer = never;
    nodes.fare('ready', 'ready');
    await pass(799);
    expect(told).toEqual([]);
    await pass(1);
    expect(told).toEqual(['down']);
    expect(reach.reason?.message).toBe('the node that serves the slot of the app does not answer');
  });

  it('is in doubt when a node is gone, and open again where it was another one', async () => {
    const { nodes, reach, told, pass } = start();
    nodes.fare('ready', 'ready');
    await pass(0);
    nodes.emit('-node');
    expect(reach.open).toBe(false);
    expect(reach.underWay).toBeDefined();
    await pass(0);
    expect(reach.open).toBe(true);
    expect(told).toEqual(['open', 'open']);
    // One look at a time, also where several are gone.
    nodes.answer = never;
    for (let gone = 0; gone < 3; gone++) nodes.emit('-node');
    expect(nodes.asked).toHaveLength(3);
    nodes.fare('end', 'end');
  });

  it('is down when the client is, and is not looked for before it is ready', async () => {
    const { nodes, reach, told, pass } = start();
    nodes.fare('ready', 'ready');
    await pass(0);
    nodes.fare('close', 'close');
    expect(reach.open).toBe(false);
    expect(told).toEqual(['open', 'down']);
    nodes.status = 'ready';
    expect(reach.open).toBe(false);
    nodes.fare('reconnecting', 'error', new Error('Failed to refresh slots cache.'));
    expect(reach.reason).toMatchObject({ message: 'Failed to refresh slots cache.' });
    nodes.emit('-node');
    await pass(2_000);
    expect(nodes.asked).toHaveLength(1);
    nodes.answer = () => Promise.reject(new Error('CLUSTERDOWN'));
    nodes.fare('ready', 'ready');
    await pass(0);
    nodes.fare('end', 'end');
    await pass(2_000);
    expect(nodes.asked).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});
