import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { MAX_FINGERPRINT_LENGTH } from '../contract/defaults.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { describeThrown, isInstance } from '../engine/failure.js';
import { redactText } from '../observability/redaction.js';

const EXPECTED = `a string of 1 to ${MAX_FINGERPRINT_LENGTH} characters, or undefined`;

/** What a definition with a `fingerprint` says that a failure is the same as. */
@Injectable()
export class FingerprintOverride {
  private readonly logger = new Logger('ScalrQueue');
  private readonly warned = new Set<string>();

  /**
   * Eight hexadecimal digits, the same for all failures of the definition with the same text. Never throws.
   * @returns undefined where the failure has its ordinary fingerprint
   */
  of({ name, settings: { fingerprint } }: AnyJobDefinition, thrown: unknown): string | undefined {
    if (!fingerprint) return undefined;
    try {
      const error = isInstance(thrown, Error) ? thrown : new Error(describeThrown(thrown).message);
      const text: unknown = fingerprint(error);
      if (text === undefined) return undefined;
      if (typeof text === 'string' && text.length > 0 && text.length <= MAX_FINGERPRINT_LENGTH)
        return createHash('sha1')
          .update(JSON.stringify([name, text]))
          .digest('hex')
          .slice(0, 8);
      if (text instanceof Promise) text.catch(() => undefined);
      const got = typeof text === 'string' ? `${text.length} characters` : `a value of type ${typeof text}`;
      this.warn(name, `gave ${got}, not ${EXPECTED}`);
    } catch (error) {
      const { name: type, message } = describeThrown(error);
      this.warn(name, `threw ${type}: ${redactText(message)}`);
    }
    return undefined;
  }

  private warn(name: string, what: string): void {
    if (this.warned.has(name)) return;
    this.warned.add(name);
    this.logger.warn(
      `the function fingerprint of ${name} ${what}. Such failures have their ordinary fingerprint; this is said once.`,
    );
  }
}
