import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../../config/tokens.js';
import { QueueUnavailableError } from '../../../contract/errors/enqueue.errors.js';
import type { AppMemory } from '../../app-memory.js';
import { withDeadline } from '../../deadline.js';
import type { ProcessRole } from '../../finding.js';
import { toReadError } from '../connection/redis-error.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { preflightKey } from '../keys.js';
import { missingCommands } from '../preflight/acl-probe.js';
import { readServerFacts, type ServerFacts } from '../preflight/server-facts.js';
import { surveyMemory } from './app.memory.js';
import { type KeySurvey, surveyKeys } from './key.survey.js';
import { readFigures, readServerLoad, type ServerLoad } from './server.checks.js';

/** For the walk over the keys of an app, and for what is measured after it. */
const WALK_BUDGET_MS = 10_000;
const MEMORY_DEADLINE_MS = 15_000;

/** Looks the Redis of an app over. But for that at its memory none of its looks has a deadline of its own; what may not be asked is left out. */
@Injectable()
export class ServerSurvey {
  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /** Commands that a process of that role uses and may not use, also those that it can do without. Writes the key that they are tried on, and removes it. */
  missingCommands(role: ProcessRole): Promise<string[]> {
    return missingCommands(this.connections.producer, role, preflightKey(this.app.prefix), true);
  }

  facts(): Promise<ServerFacts> {
    return readServerFacts(this.connections.producer);
  }

  load(): Promise<ServerLoad> {
    return readServerLoad(this.connections.producer);
  }

  /** As much of it as the user of an app may ask for. */
  figures(): Promise<ServerLoad> {
    return readFigures(this.connections.producer);
  }

  /** Where the memory of the app goes. Has a deadline. @throws QueueUnavailableError, also where the user may not ask that */
  async memory(): Promise<AppMemory> {
    const late = () => new QueueUnavailableError(`Redis did not answer within ${MEMORY_DEADLINE_MS} ms`);
    await this.connections.usable('read');
    const { producer } = this.connections;
    try {
      const walk = surveyMemory(producer, this.app.app, Date.now() + WALK_BUDGET_MS);
      return await withDeadline(walk, MEMORY_DEADLINE_MS, late);
    } catch (error) {
      throw toReadError(await this.connections.named(error));
    }
  }

  /** Walks over the keys in small steps. @param deadline epoch milliseconds */
  keys(queues: readonly string[], deadline: number): Promise<KeySurvey> {
    return surveyKeys(this.connections.producer, this.app.app, queues, deadline);
  }
}
