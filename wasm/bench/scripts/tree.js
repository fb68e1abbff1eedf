// A balanced tree of objects (a treap): built, split, merged and searched.
let state = 7;
const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0);

class Node {
  constructor(key) {
    this.key = key;
    this.priority = random();
    this.left = null;
    this.right = null;
    this.size = 1;
  }
  update() {
    this.size = 1 + (this.left?.size ?? 0) + (this.right?.size ?? 0);
    return this;
  }
}

function split(node, key) {
  if (!node) return [null, null];
  if (node.key < key) {
    const [left, right] = split(node.right, key);
    node.right = left;
    return [node.update(), right];
  }
  const [left, right] = split(node.left, key);
  node.left = right;
  return [left, node.update()];
}

function merge(one, other) {
  if (!one) return other;
  if (!other) return one;
  if (one.priority > other.priority) {
    one.right = merge(one.right, other);
    return one.update();
  }
  other.left = merge(one, other.left);
  return other.update();
}

let root = null;
let sum = 0;
for (let i = 0; i < 16000; i++) {
  const key = random() % 100000;
  const [left, right] = split(root, key);
  root = merge(merge(left, new Node(key)), right);
  if (i % 3 === 0) {
    const [low, rest] = split(root, random() % 100000);
    sum += low?.size ?? 0;
    root = merge(low, rest);
  }
}
print(sum, root.size);
