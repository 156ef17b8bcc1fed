export interface PrometheusTools {
  /** Path of promtool, which checks metrics and rules. */
  readonly promtool: string;
  /** Path of prometheus itself. */
  readonly server: string;
}

export declare function findPrometheus(log?: (line: string) => void): Promise<PrometheusTools | undefined>;

export declare function findPresentPrometheus(): PrometheusTools | undefined;
