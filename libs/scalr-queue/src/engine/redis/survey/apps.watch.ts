import type { Redis } from 'ioredis';
import { once } from 'node:events';
import type { RedisConnectionOptions } from '../../../config/redis-options.js';
import { resolveOptions } from '../../../config/resolved-options.js';
import { InvalidOptionError } from '../../../contract/errors/configuration.errors.js';
import { withDeadline } from '../../deadline.js';
import { QueueUnavailableError } from '../../../contract/errors/enqueue.errors.js';
import { ReconnectPace } from '../connection/reconnect.pace.js';
import { nameDenied } from '../connection/acl-refusal.js';
import { lookOnly } from '../connection/look-only.js';
import { openRedis, type RedisClient } from '../connection/redis.client.js';
import type { AllApps } from './all-apps.js';
import { toAppsError } from './all-apps.js';
import { type AppDetail, type AppsSurvey, readSurveyed, surveyApps } from './apps.reader.js';

/** Every key is looked at for this: seldom enough to cost nothing, often enough to see a new app. */
const SURVEY_AGE_MS = 30_000;
const SURVEY_BUDGET_MS = 10_000;
const LOOK_DEADLINE_MS = 5_000;

/** Looks at all apps of a Redis again and again, over one connection. Which apps there are is found out twice a minute only. */
export class AppsWatch {
  private readonly target;
  private redis?: RedisClient;
  private survey?: { readonly at: number; readonly found: AppsSurvey };

  /** Nothing is connected yet. @throws QueueConfigError, InvalidOptionError */
  constructor(redis: string | RedisConnectionOptions | undefined) {
    this.target = resolveOptions({ app: 'all', ...(redis === undefined ? {} : { redis }) }).redis;
    if (this.target.cluster)
      throw new InvalidOptionError('a cluster has no list of all its apps: name the apps');
  }

  /** @throws QueueUnavailableError */
  async read(): Promise<AllApps> {
    const redis = this.open();
    const late = () => new QueueUnavailableError(`Redis did not answer within ${LOOK_DEADLINE_MS} ms`);
    try {
      if (redis.status !== 'ready') await withDeadline(once(redis, 'ready'), LOOK_DEADLINE_MS, late);
      const found = await withDeadline(this.surveyed(redis), SURVEY_BUDGET_MS + LOOK_DEADLINE_MS, late);
      const details = new Map<string, AppDetail>();
      const looked = readSurveyed(redis, found, (app, detail) => details.set(app, detail));
      return { ...(await withDeadline(looked, LOOK_DEADLINE_MS, late)), details };
    } catch (error) {
      throw toAppsError(await nameDenied(error, redis, 'scalr:{all}'), redis, this.target);
    }
  }

  close(): void {
    this.redis?.disconnect();
  }

  private open(): RedisClient {
    if (this.redis) return this.redis;
    this.redis = openRedis(this.target, 'producer', 'scalr-queue:console', new ReconnectPace());
    if (!this.redis.isCluster) lookOnly(this.redis as Redis);
    this.redis.on('error', () => undefined);
    return this.redis;
  }

  private async surveyed(redis: RedisClient): Promise<AppsSurvey> {
    const now = performance.now();
    if (this.survey && now - this.survey.at < SURVEY_AGE_MS) return this.survey.found;
    const found = await surveyApps(redis, SURVEY_BUDGET_MS);
    this.survey = { at: now, found };
    return found;
  }
}
