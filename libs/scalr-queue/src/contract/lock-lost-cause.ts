/**
 * Why a lock was not renewed in time. `refused`: Redis said no, as when its disk is full. `disconnected`: the connection was
 * lost, by an outage, a restart or a failover. `unanswered`: Redis was silent. `late`: this process did not ask in time.
 */
export type LockLostCause = 'refused' | 'disconnected' | 'unanswered' | 'late';
