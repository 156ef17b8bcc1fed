import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDelivery, DeliveryFailure, type Lookup, NotLookedUp } from './delivery.js';
import { Ledger } from './ledger.js';

function ledgerOf({ acknowledged, finished }: { acknowledged: string[]; finished: string[] }): Ledger {
  const dir = mkdtempSync(join(tmpdir(), 'scalr-ledger-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const ledger = new Ledger(join(dir, 'executions'), join(dir, 'answers'));
  for (const id of acknowledged) appendFileSync(ledger.answersFile, `ack ${id}\n`);
  for (const id of finished)
    appendFileSync(ledger.executionsFile, `start ${id} 1 1 5 -\nfinish ${id} 1 1 6\n`);
  return ledger;
}

const none = { lost: 0, twice: 0 };

const knows = (app: string, ...stored: string[]): Lookup => ({
  app,
  withoutFuture: async (ids) => ids.filter((id) => !stored.includes(id)),
});
const silent = (app: string): Lookup => ({
  app,
  withoutFuture: () => Promise.reject(new Error('no answer')),
});

describe('the last look at a row', () => {
  it('finds an acknowledged job that is gone, which the row has not looked at', async () => {
    const ledger = ledgerOf({ acknowledged: ['a', 'b', 'c'], finished: ['a'] });
    const failure = await checkDelivery(ledger, [knows('app', 'b')], none).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DeliveryFailure);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^1 acknowledged jobs .*: c$/) as string,
      figures: { acknowledged: 3, lost: 1 },
    });
    expect(await checkDelivery(ledger, [knows('app', 'b')], { ...none, lost: 1 })).toEqual({
      acknowledged: 3,
      lost: 1,
      twice: 0,
    });
  });

  it('takes what the row has seen dead, and what waits in any of the apps', async () => {
    const ledger = ledgerOf({ acknowledged: ['a', 'b', 'c'], finished: [] });
    ledger.settle('a');
    const lookups = [knows('one', 'b'), silent('two'), knows('two', 'c')];
    expect(await checkDelivery(ledger, lookups, none)).toEqual({ acknowledged: 3, lost: 0, twice: 0 });
  });

  it('fails where nobody can be asked, and claims no figure', async () => {
    const ledger = ledgerOf({ acknowledged: ['a', 'b'], finished: ['a'] });
    const failure = await checkDelivery(ledger, [silent('app')], none).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotLookedUp);
    expect(failure).toMatchObject({ message: '1 jobs not looked up, no producer answers: Error: no answer' });
    expect((failure as NotLookedUp).figures).toStrictEqual({ acknowledged: 2, twice: 0, lost: undefined });
  });

  it('fails of jobs that were started again, unless the fault explains that, also where a schedule made them', async () => {
    const ledger = ledgerOf({ acknowledged: ['a'], finished: ['a', 'a'] });
    const failure = await checkDelivery(ledger, [knows('app')], none).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DeliveryFailure);
    expect(failure).toMatchObject({ figures: { acknowledged: 1, twice: 1 } });
    expect(await checkDelivery(ledger, [knows('app')], { ...none, twice: 1 })).toMatchObject({ twice: 1 });
    const ofSchedules = ledgerOf({ acknowledged: [], finished: ['slot', 'other'] });
    expect(await checkDelivery(ofSchedules, [], none)).toEqual({ twice: 0 });
  });
});
