import type { ResolvedOptions } from '../config/resolved-options.js';
import * as defaults from '../contract/defaults.js';
import { parseDuration } from '../contract/duration.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { OptionChecker } from '../contract/option-checker.js';
import { type RetryPolicy, toRetryPolicy } from '../contract/retry-policy.js';
import { toUniqueness, type Uniqueness } from '../contract/unique-options.js';
import { type EngineKeep, type KeepRule, keepRuleOf, toEngineKeep } from './keep-rule.js';

/** What holds for the jobs of a definition in an app. Durations are milliseconds. */
export interface EffectiveSettings {
  readonly retry: RetryPolicy;
  readonly unique: Uniqueness | undefined;
  readonly timeout: number;
  /** Undefined for never. */
  readonly expiresIn: number | undefined;
  readonly priority: number;
  readonly keep: KeepRule;
  /** How a job carries `keep`, for release 0.1.0, and for queues of which no worker has announced what it keeps. */
  readonly carriedKeep: { readonly removeOnComplete: EngineKeep; readonly removeOnFail: EngineKeep };
  /** How long an id that the caller chose is remembered after the end of its job. */
  readonly keepIds: number;
}

type App = Pick<ResolvedOptions, 'defaults'>;

const check = new OptionChecker(InvalidOptionError);

interface Known {
  readonly settings: WeakMap<AnyJobDefinition, EffectiveSettings>;
  readonly definitions: Map<string, AnyJobDefinition>;
}

const known = new WeakMap<App, Known>();

/**
 * The settings of a definition, then those of the app, then the defaults; what a call of `enqueue` gives comes before all of them. Worked
 * out once: neither a definition nor the options of an app ever change.
 */
export function effectiveSettings(definition: AnyJobDefinition, app: App): EffectiveSettings {
  let ofApp = known.get(app);
  if (!ofApp) known.set(app, (ofApp = { settings: new WeakMap(), definitions: new Map() }));
  let settings = ofApp.settings.get(definition);
  if (!settings) {
    ofApp.settings.set(definition, (settings = resolve(definition, app)));
    ofApp.definitions.set(definition.name, definition);
  }
  return settings;
}

/** The newest definition of that name that the app has enqueued or handled in this process. */
export function knownDefinition(name: string, app: App): AnyJobDefinition | undefined {
  return known.get(app)?.definitions.get(name);
}

function resolve({ settings }: AnyJobDefinition, app: App): EffectiveSettings {
  const { retry, unique, timeout, expiresIn, priority, keep } = settings;
  const ofApp = app.defaults;
  const rule = keepRuleOf(keep, ofApp.keep);
  return {
    retry: toRetryPolicy(check, 'retry', retry, toRetryPolicy(check, 'retry', ofApp.retry)),
    unique: toUniqueness(check, 'unique', unique),
    timeout: parseDuration(timeout ?? ofApp.timeout) ?? defaults.DEFAULT_TIMEOUT,
    expiresIn: parseDuration(expiresIn ?? ofApp.expiresIn),
    priority: priority ?? ofApp.priority ?? defaults.DEFAULT_PRIORITY,
    keep: rule,
    carriedKeep: { removeOnComplete: toEngineKeep(rule.completed), removeOnFail: toEngineKeep(rule.dead) },
    keepIds: parseDuration(keep?.ids ?? ofApp.keep?.ids) ?? defaults.DEFAULT_KEEP_IDS,
  };
}
