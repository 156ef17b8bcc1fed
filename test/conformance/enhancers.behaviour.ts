import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  type Provider,
  Scope,
  UseFilters,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Discard, type JobInfo, ProcessJob } from 'scalr-queue';
import { appOf, type StartDriver } from './driver.js';
import {
  Diary,
  GLOBAL,
  Pay,
  Payments,
  PerJob,
  Plain,
  Scoped,
  ScopedGuard,
  Unshared,
} from './enhanced.app.js';

/** Guards, interceptors, pipes and filters of Nest around handlers. */
export function enhancerBehaviours(start: StartDriver) {
  const startWith = async (providers: Provider[], enhancers?: { global: boolean }) => {
    const diary = new Diary();
    const all = [{ provide: Diary, useValue: diary }, ...providers];
    const app = await appOf(start, { providers: all, ...(enhancers ? { enhancers } : {}) });
    const end = async (state: JobInfo['state'], amount: number) =>
      app.in(state, await app.queue.enqueue(Pay, { amount }));
    return { ...app, end, lines: diary.lines };
  };

  describe('enhancers of Nest', () => {
    it('run around a handler: guards, interceptors, pipes, the method', async () => {
      const { end, lines } = await startWith([Payments]);
      expect((await end('completed', 5)).result).toEqual({ wrapped: 10 });
      expect(lines).toEqual([
        ['guard', 'job', 'Payments', 'pay', 5, 'pay', 'basic'],
        ['before', 'job', 2],
        ['pipe', 'body'],
        ['run', 10, true],
        ['after'],
      ]);
    });

    it('discard a job that a guard refuses, and say which', async () => {
      const { end, lines } = await startWith([Payments]);
      expect(await end('dead', 100)).toMatchObject({
        reason: 'discarded',
        attempt: 1,
        error: { name: 'Discard', message: 'refused by TenantGuard' },
      });
      expect(lines).toHaveLength(1);
    });

    it('leave a job dead that a pipe refuses, with what it said', async () => {
      const { end } = await startWith([Payments]);
      expect(await end('dead', -1)).toMatchObject({
        reason: 'invalid-payload',
        attempt: 0,
        error: { name: 'PayloadInvalidError', message: expect.stringContaining('amount must not be less than 0') as string },
      }); // prettier-ignore
    });

    it('make results, snoozes or nothing of an error', async () => {
      const { end, lines } = await startWith([Payments]);
      expect((await end('completed', 12)).result).toEqual({ forgiven: 'known' });
      expect(lines).toContainEqual(['reported', 'known']);
      expect(await end('delayed', 10)).toMatchObject({ attempt: 0 });
      expect(await end('dead', 11)).toMatchObject({ reason: 'attempts', error: { message: 'unknown' } });
      // Of another class.
      expect(await end('dead', 13)).toMatchObject({ reason: 'attempts', error: { name: 'TypeError' } });
    });

    it('are made for each job where they are in request scope, with its handler', async () => {
      const { end, lines } = await startWith([Scoped, PerJob]);
      const one = await end('completed', 1);
      const two = await end('completed', 2);
      expect([one.result, two.result]).toEqual([one.id, two.id]);
      const of = (id: string) => [['made', id], ['guard', id], ['transient'], ['run', id]];
      expect(lines).toEqual([...of(one.id), ...of(two.id)]);
    });

    it('have their dependencies where they are transient', async () => {
      const { end, lines } = await startWith([Unshared]);
      await end('completed', 1);
      expect(lines).toEqual([['transient']]);
    });

    it('that are global leave handlers alone by default', async () => {
      const { end, lines } = await startWith([Plain, ...GLOBAL]);
      expect((await end('completed', 500)).result).toBe(500);
      expect(lines).toEqual([['run', 500]]);
    });

    it('that are global run around handlers with enhancers.global', async () => {
      const { end, lines } = await startWith([Plain, ...GLOBAL], { global: true });
      expect((await end('completed', 5)).result).toEqual({ wrapped: 10 });
      expect(lines).toEqual([
        ['guard', 'job', 'Plain', 'pay', 5, 'pay', undefined],
        ['before', 'job', 2],
        ['pipe', 'body'],
        ['run', 10],
        ['after'],
      ]);
      expect(await end('dead', 200)).toMatchObject({ reason: 'discarded' });
      expect((await end('completed', 3.5)).result).toEqual({ forgiven: 'known' });
    });

    it('that are global and in request scope are made for each job', async () => {
      const scoped: Provider = { provide: APP_GUARD, useClass: ScopedGuard, scope: Scope.REQUEST };
      const { end, lines } = await startWith([Plain, PerJob, scoped], { global: true });
      const one = await end('completed', 1);
      const two = await end('completed', 2);
      expect(lines).toEqual([
        ['made', one.id], ['guard', one.id], ['run', 1], ['made', two.id], ['guard', two.id], ['run', 2],
      ]); // prettier-ignore
    });

    it('stand around what throws a signal, which no filter sees', async () => {
      @Catch()
      class All implements ExceptionFilter {
        catch = () => 'caught';
      }
      class Signalling {
        @UseFilters(All)
        @ProcessJob(Pay)
        async pay() {
          throw new Discard('done with it');
        }
      }
      const { end } = await startWith([Signalling]);
      expect(await end('dead', 1)).toMatchObject({ reason: 'discarded', error: { message: 'done with it' } });
    });

    it('do not hide an error by a filter that wants to answer a request', async () => {
      @Catch()
      class ForHttp implements ExceptionFilter {
        catch(_error: Error, host: ArgumentsHost) {
          host.switchToHttp().getResponse<{ status(code: number): void }>().status(500);
        }
      }
      class Failing {
        @UseFilters(ForHttp)
        @ProcessJob(Pay)
        async pay() {
          throw new RangeError('the cause');
        }
      }
      const { end } = await startWith([Failing]);
      expect(await end('dead', 1)).toMatchObject({ error: { name: 'RangeError', message: 'the cause' } });
    });
  });
}
