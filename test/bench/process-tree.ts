import { readFileSync } from 'node:fs';

/** Resident memory of a process and all its descendants, in KiB (Linux: out of /proc). */
export function residentKibOfTree(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const own = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children
    .split(' ')
    .filter(Boolean)
    .reduce((sum, child) => sum + residentKibOfTree(Number(child)), own);
}
