import { Injectable } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { OutboxParticipant } from '../durability/outbox.participant.js';
import { type LoadedMetrics, MetricRegistry } from './metric.registry.js';

/** How full the outbox is, as of the last second; without an outbox there are no such metrics, and no values while PostgreSQL is away. */
@Injectable()
export class OutboxMetrics {
  private gauges?: OutboxGauges;

  constructor(
    private readonly metrics: MetricRegistry,
    private readonly outbox: OutboxParticipant,
  ) {}

  async refresh(): Promise<void> {
    if (!this.outbox.present) return;
    const state = await this.outbox.state();
    const gauges = (this.gauges ??= gaugesIn(await this.metrics.load()));
    for (const gauge of Object.values(gauges)) gauge.reset();
    if (!state) return;
    const scope = 'global';
    gauges.pending.set({ scope }, state.pending);
    gauges.oldest.set({ scope }, state.oldestPendingAgeMs / 1_000);
    gauges.refused.set({ scope }, state.refused);
    gauges.leader.set({}, state.leads ? 1 : 0);
  }
}

type OutboxGauges = Record<'pending' | 'oldest' | 'refused' | 'leader', Gauge>;

function gaugesIn({ client, registry }: LoadedMetrics): OutboxGauges {
  const gauge = (name: string, help: string, labelNames: string[]): Gauge =>
    new client.Gauge({ name: `scalr_queue_outbox_${name}`, help, labelNames, registers: [registry] });
  return {
    pending: gauge('pending', 'Recorded jobs that Redis has not got; 100,000 for that many and more.', [
      'scope',
    ]),
    oldest: gauge('oldest_pending_seconds', 'How long the oldest of them has waited.', ['scope']),
    refused: gauge('refused', 'Recorded jobs that were refused for good.', ['scope']),
    leader: gauge('relay_leader', '1 when this process relays the outbox of the app.', []),
  };
}
