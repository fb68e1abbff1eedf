import { writeFileSync } from 'node:fs';
import { ABIS } from '../src/abi/abis.ts';
import { systemCallReference } from './system-call-reference.ts';

// npm run docs: writes the pages of docs/reference that are made out of the code.

const page = new URL('../docs/reference/system-calls.md', import.meta.url);
writeFileSync(page, systemCallReference(ABIS));
