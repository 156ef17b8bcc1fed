import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  defineJob,
  EnqueueService,
  ScalrQueueModule,
  type ScalrQueueOptions,
  type ScalrQueueOptionsFactory,
} from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';

const Mail = defineJob('mail');

/** An application of these modules, which enqueues a job; the key of the job tells of which app it is. */
async function boot(...imports: NonNullable<Parameters<typeof NestFactory.createApplicationContext>[0]>[]) {
  const root = { module: class RootModule {}, imports: imports as never[] };
  const context = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  onTestFinished(() => context.close());
  return context.get(EnqueueService).enqueue(Mail);
}

const redis = sharedRedisUrl();

describe('the options of the module', () => {
  @Injectable()
  class Settings implements ScalrQueueOptionsFactory {
    static readonly app = uniqueApp();
    static made = 0;

    constructor() {
      Settings.made++;
    }

    createScalrQueueOptions(): ScalrQueueOptions {
      return { app: Settings.app, redis };
    }
  }
  const settings = { module: class SettingsModule {}, providers: [Settings], exports: [Settings] };

  it('come from a factory, from a class that is made for it, or from one that is there', async () => {
    const useFactory = async (from: Settings) => from.createScalrQueueOptions();
    const waysIn = [
      { imports: [settings], inject: [Settings], useFactory },
      { useFactory: () => ({ app: uniqueApp(), redis }) },
      { useClass: Settings },
      { imports: [settings], useExisting: Settings },
    ];
    for (const way of waysIn)
      expect(await boot(ScalrQueueModule.forRootAsync(way))).toMatchObject({ status: 'created' });
    expect(Settings.made).toBe(3);
  });

  it('come from somewhere', () => {
    expect(() => ScalrQueueModule.forRootAsync({})).toThrow(
      'expected forRootAsync to get one of useFactory, useClass and useExisting, got none of them',
    );
  });
});

describe('the module twice in an application', () => {
  const of = (app: string, url = redis) => ScalrQueueModule.forRoot({ app, redis: url });

  it('is refused with other options, and what to do is said', async () => {
    const app = uniqueApp();
    const end =
      'a process belongs to one app. Import it once, in the root module; its services can be injected everywhere.';
    await expect(boot(of(app), of(app, `${redis}/1`))).rejects.toThrow(
      `ScalrQueueModule.forRoot() is imported twice, with different options redis: ${end}`,
    );
    const other = String(await boot(of('one'), of('two')).catch((error: unknown) => error));
    expect(other).toMatch(/is imported twice, for the apps "(one|two)" and "(?!\1)(one|two)": a process/);
    expect(other.endsWith(end)).toBe(true);
  });

  it('is one where the options are the same', async () => {
    const app = uniqueApp();
    expect(await boot(of(app), of(app))).toMatchObject({ status: 'created' });
  });
});
