import * as fs from 'node:fs';
import { NOTHING_KEPT, Sidecar } from '../../src/vfs/sidecar.ts';

/**
 * Keeps owners in a sidecar, those of file 1, 2, 3 …, and says the number of each that is kept;
 * until it is killed.
 *
 *     sidecar-writer.ts PATH FIRST
 */
const [path = '', first = '1'] = process.argv.slice(2);
const sidecar = new Sidecar({ fs, platform: process.platform }, path);
sidecar.rootDevice = 1n;
const sample = fs.statSync('/', { bigint: true });
for (let uid = Number(first); ; uid++) {
  const stat = { ...sample, dev: 1n, ino: BigInt(uid), birthtimeNs: 1n };
  sidecar.keep(stat, { ...NOTHING_KEPT, uid });
  fs.writeSync(1, `${uid}\n`);
}
