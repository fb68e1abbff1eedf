import type { ProcEndpoint, ProcNetwork, ProcSocket } from './proc-source.ts';

/** What stands in the files of /proc/net, as proc_pid_net(5) has them. */

export function interfacesText({ interfaces }: ProcNetwork): string {
  const rows = interfaces.map(({ name, received, sent }) => {
    const numbers = (...values: readonly (readonly [number, number])[]): string =>
      values.map(([value, width]) => String(value).padStart(width)).join(' ');
    const { bytes, packets } = received;
    const left = numbers([bytes, 7], [packets, 7], [0, 4], [0, 4], [0, 4], [0, 5], [0, 10], [0, 9]);
    const transmitted = [sent.bytes, sent.packets] as const;
    const [sentBytes, sentPackets] = transmitted;
    const right = numbers(
      [sentBytes, 8],
      [sentPackets, 7],
      ...([4, 4, 4, 5, 7, 10] as const).map((width) => [0, width] as const),
    );
    return `${name.padStart(6)}: ${left} ${right}\n`;
  });
  return [
    'Inter-|   Receive                                                |  Transmit\n',
    ' face |bytes    packets errs drop fifo frame compressed multicast|',
    'bytes    packets errs drop fifo colls carrier compressed\n',
    ...rows,
  ].join('');
}

const TCP_HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout ' +
  'inode';
const TCP6_HEAD =
  '  sl  local_address                         remote_address                        st tx_queue ' +
  'rx_queue tr tm->when retrnsmt   uid  timeout inode';
const UDP_HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout ' +
  'inode ref pointer drops';
const UDP6_HEAD = `${TCP6_HEAD} ref pointer drops`;

/** Linux fills lines up with blanks where addresses are short. */
const LINE_LENGTHS = { tcp: 149, tcp6: 0, udp: 127, udp6: 0 } as const;

export function socketsText({ sockets }: ProcNetwork, protocol: ProcSocket['protocol']): string {
  const ofProtocol = sockets.filter((socket) => socket.protocol === protocol);
  const isTcp = protocol === 'tcp' || protocol === 'tcp6';
  const rows = ofProtocol.map((socket, index) => {
    return socketRow(socket, index, isTcp);
  });
  const heads = {
    tcp: TCP_HEAD,
    tcp6: TCP6_HEAD,
    udp: UDP_HEAD,
    udp6: UDP6_HEAD,
  };
  const length = LINE_LENGTHS[protocol];
  return [heads[protocol], ...rows].map((line) => `${line.padEnd(length)}\n`).join('');
}

function socketRow(socket: ProcSocket, index: number, isTcp: boolean): string {
  const { local, remote, state, sendQueueBytes, receiveQueueBytes, uid, inode } = socket;
  const queues = `${hexadecimal(sendQueueBytes, 8)}:${hexadecimal(receiveQueueBytes, 8)}`;
  const number = String(index).padStart(isTcp ? 4 : 5);
  const ends = `${endpointText(local)} ${endpointText(remote)} ${hexadecimal(state, 2)}`;
  const owner = `${String(uid).padStart(5)}        0 ${inode}`;
  const tail = isTcp ? '1 0000000000000000 100 0 0 10 0' : '2 0000000000000000 0';
  return `${number}: ${ends} ${queues} 00:00000000 00000000 ${owner} ${tail}`;
}

/** Each four bytes of an address as a number of the host, which is little-endian. */
function endpointText({ address, port }: ProcEndpoint): string {
  return `${wordsText(address)}:${hexadecimal(port, 4)}`;
}

function wordsText(address: Uint8Array): string {
  const view = new DataView(address.buffer, address.byteOffset, address.length);
  let text = '';
  for (let at = 0; at < address.length; at += 4) text += hexadecimal(view.getUint32(at, true), 8);
  return text;
}

function hexadecimal(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, '0');
}

export const UNIX_TEXT = 'Num       RefCount Protocol Flags    Type St Inode Path\n';

const ROUTE_UP = 1;
const ROUTE_GATEWAY = 2;
const ROUTE_LINE_LENGTH = 127;

export function routesText({ routes }: ProcNetwork): string {
  const head =
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
  const rows = routes.map((route) => {
    const hasGateway = route.gateway.some((byte) => byte !== 0);
    const flags = hexadecimal(ROUTE_UP | (hasGateway ? ROUTE_GATEWAY : 0), 4);
    const ends = `${wordsText(route.destination)}\t${wordsText(route.gateway)}`;
    const mask = wordsText(route.mask);
    return `${route.interface}\t${ends}\t${flags}\t0\t0\t${route.metric}\t${mask}\t0\t0\t0`;
  });
  return [head, ...rows].map((line) => `${line.padEnd(ROUTE_LINE_LENGTH)}\n`).join('');
}

export function neighboursText({ neighbours }: ProcNetwork): string {
  const rows = neighbours.map((neighbour) => {
    const address = neighbour.address.join('.').padEnd(16);
    const types = '0x1         0x2         ';
    return `${address} ${types}${neighbour.hardwareAddress}     *        ${neighbour.interface}\n`;
  });
  const head = 'IP address       HW type     Flags       HW address            Mask     Device\n';
  return [head, ...rows].join('');
}

/** Scopes of an address: within the host, the link, or everywhere. */
const SCOPES = { host: '10', link: '20', global: '00' } as const;
const PERMANENT = '80';

export function addresses6Text({ interfaces }: ProcNetwork): string {
  const rows: string[] = [];
  for (const { name, index, addresses6 } of interfaces) {
    for (const { address, prefixLength } of addresses6) {
      const text = [...address].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      const numbers = [index, prefixLength].map((value) => value.toString(16).padStart(2, '0'));
      const scope = scopeOf(address);
      rows.push(`${text} ${numbers.join(' ')} ${scope} ${PERMANENT} ${name.padStart(8)}\n`);
    }
  }
  return rows.join('');
}

function scopeOf(address: Uint8Array): string {
  const isLoopback = address.every((byte, index) => byte === (index === 15 ? 1 : 0));
  if (isLoopback) return SCOPES.host;
  return address[0] === 0xfe && ((address[1] ?? 0) & 0xc0) === 0x80 ? SCOPES.link : SCOPES.global;
}
