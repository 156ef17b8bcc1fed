import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { UnknownJobError } from '../contract/errors/configuration.errors.js';
import { type AnyEventDefinition, isEventDefinition } from '../contract/event-definition.js';
import type { MethodName } from '../contract/method-marks.js';
import { applySchema } from '../contract/schema.js';
import { toStrictJson } from '../contract/strict-json.js';
import { settlesWithin } from '../engine/deadline.js';
import { redactText } from '../observability/redaction.js';
import { hearingMethodsOf, type OnGap } from './on-broadcast.decorator.js';
import { SharedProviders } from './providers.js';
import { SharedCalls } from './shared.calls.js';

/** How long, in milliseconds, the boot waits until events are heard; while Redis is away it goes on without. */
const BOOT_TIMEOUT = 1_000;

interface Hearer {
  readonly label: string;
  readonly event: AnyEventDefinition;
  readonly instance: object;
  readonly method: MethodName;
}

type Callable = Record<MethodName, (argument: unknown) => unknown>;

/** Says events to all processes, and calls the `@OnBroadcast` methods of this one. A process without any has no connection for it. */
@Injectable()
export class Broadcasts implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('ScalrQueue');
  private hearers: Hearer[] = [];
  private stop: () => void = () => undefined;

  constructor(
    private readonly providers: SharedProviders,
    private readonly calls: SharedCalls,
  ) {}

  /** Called by Nest. */
  async onApplicationBootstrap(): Promise<void> {
    const found = this.providers.marked((prototype) => {
      const [first] = hearingMethodsOf(prototype);
      return first && `@OnBroadcast(${first.event.name})`;
    });
    this.hearers = found.flatMap(({ instance, prototype, name }) =>
      hearingMethodsOf(prototype).map((one) => ({
        ...one,
        instance,
        label: `${name}.${String(one.method)}`,
      })),
    );
    if (this.hearers.length === 0) return;
    const { stop, listening } = this.calls.engine.casts.listen({
      cast: (event, text) => this.hear(event, text),
      gap: (missed) => this.tellGap(missed),
    });
    this.stop = stop;
    await settlesWithin(listening, BOOT_TIMEOUT);
  }

  /** Called by Nest. */
  onModuleDestroy(): void {
    this.stop();
  }

  async say(event: AnyEventDefinition, payload: unknown): Promise<void> {
    if (!isEventDefinition(event))
      throw new UnknownJobError('expected broadcast to get a definition made by defineEvent');
    const subject = `payload of ${event.name}`;
    const text = payload === undefined ? '' : toStrictJson(subject, payload, this.calls.payloadLimit);
    await applySchema(subject, event.payloadSchema, parsed(text));
    await this.calls.ask(({ casts }) => casts.append(event.name, text));
  }

  private async hear(name: string, text: string): Promise<void> {
    const hearers = this.hearers.filter(({ event }) => event.name === name);
    await Promise.all(
      hearers.map((hearer) =>
        this.call(hearer.label, async () => {
          const payload = await applySchema(`payload of ${name}`, hearer.event.payloadSchema, parsed(text));
          await (hearer.instance as Callable)[hearer.method]!(payload);
        }),
      ),
    );
  }

  private async tellGap(missed: number | undefined): Promise<void> {
    const instances = new Set(this.hearers.map(({ instance }) => instance));
    const hearing = [...instances].filter((instance) => 'onGap' in instance) as (object & OnGap)[];
    if (hearing.length === 0)
      this.logger.warn(
        `${missed ?? 'some'} broadcasts were missed: this process was out of reach for too long, or Redis lost them. A class with ` +
          '@OnBroadcast hears of it in a method onGap.',
      );
    await Promise.all(
      hearing.map((instance) =>
        this.call(`${instance.constructor.name}.onGap`, async () => instance.onGap({ missed })),
      ),
    );
  }

  /** Never rejects: the others hear it all the same. */
  private async call(label: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.logger.error(`${label} failed: ${redactText(text)}`);
    }
  }
}

const parsed = (text: string): unknown => (text === '' ? undefined : JSON.parse(text));
