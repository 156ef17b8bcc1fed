import { Logger } from '@nestjs/common';
import { messageOf } from './redis-error.js';

const INTERVAL = 10_000;

/**
 * Says at most once in ten seconds that Redis is in trouble, and that it is back when the trouble was told, however many
 * connections complain how often, and also when they come and go. Logs the message only: errors of ioredis carry the
 * command with its arguments.
 */
export class ConnectionLog {
  private readonly logger = new Logger('ScalrQueue');
  private lastAt = -Infinity;
  private hidden = 0;
  private told = false;

  constructor(private readonly where: string) {}

  trouble(error: Error): void {
    const now = performance.now();
    if (now - this.lastAt < INTERVAL) {
      this.hidden++;
      return;
    }
    const more = this.hidden > 0 ? ` (${this.hidden} more since the last line)` : '';
    this.logger.warn(`Redis at ${this.where}: ${messageOf(error)}; trying again${more}`);
    this.told = true;
    this.lastAt = now;
    this.hidden = 0;
  }

  recovered(): void {
    if (!this.told) return;
    this.told = false;
    this.logger.log(`Redis at ${this.where}: connected again`);
  }
}
