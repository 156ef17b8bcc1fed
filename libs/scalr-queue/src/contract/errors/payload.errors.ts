import { ScalrQueueError } from './scalr-queue.error.js';
import { shareClasses } from './shared-class.js';

/** One complaint of a schema: where and what, never the value. */
export interface PayloadIssue {
  /** Path inside the payload, such as `$.items[2].sku`. */
  readonly path: string;
  /** The issues that the schema reports. */
  readonly message: string;
}

/** The payload (or the result) does not match the schema of its definition. */
export class PayloadInvalidError extends ScalrQueueError {
  readonly code = 'PAYLOAD_INVALID';
  /** Every complaint of the schema. */
  readonly issues: readonly PayloadIssue[];

  constructor(subject: string, issues: readonly PayloadIssue[]) {
    const shown = issues.slice(0, 5).map((issue) => `${issue.path}: ${issue.message}`);
    const more = issues.length > shown.length ? `, and ${issues.length - shown.length} more` : '';
    super(`${subject} does not match its schema: ${shown.join('; ')}${more}`);
    this.issues = issues;
  }
}

/** The payload (or the result) is not strict JSON: storing it would lose or change something. */
export class PayloadNotSerializableError extends ScalrQueueError {
  readonly code = 'PAYLOAD_NOT_SERIALIZABLE';
  /** Path of the first offending value, such as `$.when`. */
  readonly path: string;

  constructor(subject: string, path: string, why: string, options?: { cause?: unknown }) {
    super(`${subject} is not strict JSON at ${path}: ${why}`, options);
    this.path = path;
  }
}

/** The payload (or the result) is larger than it may be. */
export class PayloadTooLargeError extends ScalrQueueError {
  readonly code = 'PAYLOAD_TOO_LARGE';
  /** Size of the JSON text in UTF-8 bytes. */
  readonly size: number;
  /** The limit in bytes. */
  readonly limit: number;

  constructor(subject: string, size: number, limit: number) {
    super(
      `${subject} is ${size} bytes of JSON, the limit is ${limit}. ` +
        'Store the data elsewhere and pass a reference to it.',
    );
    this.size = size;
    this.limit = limit;
  }
}

shareClasses({ PayloadInvalidError, PayloadNotSerializableError, PayloadTooLargeError });
