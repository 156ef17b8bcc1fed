import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { QueueConfigError } from '../../contract/errors/configuration.errors.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { RedisEngine } from './redis.engine.js';
import { RedisConnections } from './connection/redis.connections.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/** Upstream: tokens of @nestjs/bullmq, which exports none of them. */
const DEFAULT_CONFIG = 'BULLMQ_CONFIG(default)';
const NAMED_CONFIG = /^BULLMQ_CONFIG\((?!default\))/;
const EXTRA_OPTIONS = 'BULLMQ_EXTRA_OPTIONS';
const QUEUE = /^BullQueue_/;

const HINT =
  'ScalrQueueModule gives @nestjs/bullmq its connection and prefix. To keep queues on another Redis or prefix, give them a key of ' +
  "their own: BullModule.forRoot('legacy', { connection, prefix }) and BullModule.registerQueue({ name, configKey: 'legacy' })";

interface BullConfig {
  readonly connection?: unknown;
  readonly prefix?: string;
  readonly configKey?: string;
}

/**
 * What the application registers with @nestjs/bullmq itself. Queues over our connection are queues of the app, known to all its
 * processes; those with a `configKey` of their own are left alone; what would lie in between is refused at boot, for its jobs
 * would land where no worker looks.
 */
@Injectable()
export class BullRegistrations implements OnModuleInit {
  /** Queues that are none of ours. */
  private readonly foreign = new Set<string>();

  constructor(
    private readonly modules: ModulesContainer,
    private readonly connections: RedisConnections,
    private readonly engine: RedisEngine,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    // One of several registrations decides for all whether @nestjs/bullmq starts the workers by itself, in web processes too.
    for (const [, extra] of this.provided((token) => token === EXTRA_OPTIONS))
      (extra as { manualRegistration?: boolean }).manualRegistration = true;
  }

  /**
   * Called by Nest, before any hook of the application.
   * @throws QueueConfigError
   */
  onModuleInit(): void {
    const configs = this.provided((token) => token === DEFAULT_CONFIG);
    if (!configs.every(([, config]) => this.isOurs(config as BullConfig)))
      throw leftOver(this.importersOfDefault());
    const named = this.provided((token) => NAMED_CONFIG.test(token)).map(
      ([, config]) => config as BullConfig,
    );
    for (const [module, queue] of this.provided((token) => QUEUE.test(token))) {
      const { name, opts } = queue as { name?: string; opts?: BullConfig };
      if (name === undefined || opts === undefined) continue;
      if (this.isOurs(opts)) this.engine.types.recordQueue(name);
      else if (this.standsAlone(opts, named)) this.foreign.add(name);
      else throw halfOurs(name, this.differenceOf(opts), this.importersOf(module));
    }
  }

  /** Whether a queue, or the queue of a `@Processor`, is none of this app. */
  isForeign(queue: string, configKey?: string): boolean {
    return configKey !== undefined || this.foreign.has(queue);
  }

  private isOurs({ connection, prefix }: BullConfig): boolean {
    return connection === this.connections.producer && prefix === this.options.prefix;
  }

  private standsAlone(opts: BullConfig, named: readonly BullConfig[]): boolean {
    if (opts.configKey !== undefined || named.some(({ connection }) => connection === opts.connection))
      return true;
    return opts.connection !== this.connections.producer && opts.prefix !== this.options.prefix;
  }

  private differenceOf({ connection }: BullConfig): string {
    return connection === this.connections.producer ? 'a prefix' : 'a connection';
  }

  /** The values of the providers with such a token, and the modules that hold them. */
  private provided(wanted: (token: string) => boolean): [NestModule, object][] {
    return [...this.modules.values()].flatMap((module) =>
      [...module.providers]
        .filter(([token]) => typeof token === 'string' && wanted(token))
        .map(([, wrapper]) => [module, wrapper.instance] as const)
        .filter((pair): pair is [NestModule, object] => typeof pair[1] === 'object' && pair[1] !== null),
    );
  }

  /** Global modules are imported by all others as soon as Nest has scanned them: what the classes say is left to look at. */
  private importersOfDefault(): string {
    const names = [...this.modules.values()].filter(({ metatype }) => {
      const imports = (Reflect.getMetadata('imports', metatype) ?? []) as readonly unknown[];
      return imports.some(setsDefault);
    });
    return names.map(({ name }) => name).join(' and ') || 'a module of the application';
  }

  /** The modules whose imports hold it. */
  private importersOf(module: NestModule): string {
    const names = [...this.modules.values()]
      .filter(({ imports, name }) => imports.has(module) && name !== module.name)
      .map(({ name }) => name);
    return [...new Set(names)].join(' and ') || 'an imported module';
  }
}

function setsDefault(imported: unknown): boolean {
  const { providers } = (imported ?? {}) as { providers?: readonly { provide?: unknown }[] };
  return Array.isArray(providers) && providers.some((provider) => provider?.provide === DEFAULT_CONFIG);
}

function leftOver(importers: string): QueueConfigError {
  return new QueueConfigError(
    `BullModule.forRoot() or forRootAsync(), imported by ${importers}, sets a default connection or prefix beside that of ScalrQueueModule: ` +
      `jobs would land where no worker looks. Remove it: ${HINT}.`,
  );
}

function halfOurs(queue: string, what: string, importers: string): QueueConfigError {
  return new QueueConfigError(
    `BullModule.registerQueue({ name: '${queue}' }), imported by ${importers}, has ${what} of its own, but otherwise that of ` +
      `ScalrQueueModule: its jobs would land where no worker looks. Remove it: ${HINT}.`,
  );
}
