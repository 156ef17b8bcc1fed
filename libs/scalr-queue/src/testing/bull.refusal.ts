import { BullModule } from '@nestjs/bullmq';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';

/** Whatever the engine asks of this connection, it is told why there is none. */
const NO_CONNECTION = new Proxy(
  {},
  { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse },
);

/**
 * What queues and processors of @nestjs/bullmq find in the place of our connection: else they would reach for a Redis at
 * localhost, unasked. A queue whose provider the test overrides is never made.
 */
export const BULL_REFUSAL = BullModule.forRoot({
  connection: NO_CONNECTION,
  extraOptions: { manualRegistration: true },
});

function refuse(): never {
  throw new QueueConfigError(
    'a queue of BullModule.registerQueue needs Redis, which the test queue is without: override it before compile, with ' +
      "overrideProvider(getQueueToken('its name')).useValue({ add: ... }), or test it against a Redis",
  );
}
