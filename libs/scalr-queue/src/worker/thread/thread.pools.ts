import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { QueueConfigError } from '../../contract/errors/configuration.errors.js';
import { Tracing } from '../../tracing/tracing.js';
import type { JobHandler } from '../handler.explorer.js';
import type { ThreadPlace } from '../process-job.decorator.js';
import { ThreadPool } from './thread.pool.js';

/** The pools of all handlers that run in threads. They end after the jobs and before the application's databases. */
@Injectable()
export class ThreadPools implements OnModuleDestroy {
  private readonly pools: ThreadPool[] = [];

  constructor(private readonly tracing: Tracing) {}

  /**
   * The handler with its work in a thread: the method gets what the thread gives, and its own result counts unless it is
   * undefined.
   * @throws QueueConfigError when there is no such file
   */
  inThread(handler: JobHandler, { file, limits }: ThreadPlace): JobHandler {
    const { label } = handler;
    const path = fileURLToPath(file);
    if (!existsSync(path)) {
      throw new QueueConfigError(
        `the thread file of ${label} does not exist: ${path}. ` +
          'Give the file that node runs (.js after the build): new URL(..., import.meta.url), or pathToFileURL(join(__dirname, ...)) in CommonJS.',
      );
    }
    const pool = new ThreadPool(label, path, limits);
    this.pools.push(pool);
    return {
      ...handler,
      invoke: async (payload, context, clock) => {
        const output = await pool.run(payload, context, clock, this.tracing.carrier());
        context.signal.throwIfAborted();
        const returned = await handler.invoke(output, context, clock);
        return returned === undefined ? output : returned;
      },
    };
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.close()));
  }
}
