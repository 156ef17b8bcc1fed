import { Inject, Injectable } from '@nestjs/common';
import { Registry } from 'prom-client';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';

/** Where the metrics of the app in this process are kept; not the global registry, which is the app's own. */
@Injectable()
export class MetricRegistry {
  readonly registry = new Registry();

  constructor(@Inject(RESOLVED_OPTIONS) { app }: ResolvedOptions) {
    this.registry.setDefaultLabels({ app });
  }
}
