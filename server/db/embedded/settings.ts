/**
 * PostgreSQL's settings for a database of some megabytes beside a media server: every acknowledged commit is on
 * disk (fsync, synchronous_commit and full_page_writes stay on), memory and processes as few as possible.
 */
export const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: "16",
  superuser_reserved_connections: "1",
  shared_buffers: "16MB",
  work_mem: "2MB",
  maintenance_work_mem: "16MB",
  temp_buffers: "1MB",
  wal_buffers: "512kB",
  huge_pages: "off",
  // Some container runtimes give 64 MB of /dev/shm or none at all.
  dynamic_shared_memory_type: "mmap",
  // No worker processes for input and output, for parallel queries or for replication: each costs memory.
  io_method: "sync",
  max_worker_processes: "1",
  max_parallel_workers: "0",
  max_parallel_workers_per_gather: "0",
  max_logical_replication_workers: "0",
  autovacuum_max_workers: "1",
  jit: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_replication_slots: "0",
  min_wal_size: "16MB",
  max_wal_size: "64MB",
  checkpoint_timeout: "10min",
  // After a crash: one syncfs instead of opening every file.
  ...(process.platform === "linux" ? { recovery_init_sync_method: "syncfs" } : {}),
  timezone: "UTC",
  log_timezone: "UTC",
  logging_collector: "off",
  log_destination: "stderr",
  log_line_prefix: "",
  log_checkpoints: "off",
  // Statements may carry personal data and hashes; errors reach our own log without them.
  log_min_error_statement: "panic",
  idle_in_transaction_session_timeout: "60s",
};

/** 4 MB segments keep the folder small; the default of 16 MB means 32 MB of log for a database of 10 MB. */
export const INITDB_OPTIONS: readonly string[] = [
  "--encoding=UTF8",
  "--locale=C",
  "--wal-segsize=4",
  "--auth=scram-sha-256",
  "--no-instructions",
  // Crash safety of the cluster's creation comes from renaming it into place after its own sync.
];
