// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2

// A judge of the ledger that shares no code with it: @sigstore/verify, by which npm itself verifies packages.
// It reads the signed note with Node's own Ed25519, and each entry's inclusion (RFC 6962) by its own arithmetic.
// Reads one JSON request from standard input and writes one JSON answer. Hashes and bytes are base64.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { verifyCheckpoint } = require('@sigstore/verify/dist/tlog/checkpoint');
const { verifyMerkleInclusion } = require('@sigstore/verify/dist/tlog/merkle');
const { verifyTLogInclusion } = require('@sigstore/verify/dist/tlog');

const FULL = 256;
const HASH = 32;
const ED25519 = Buffer.from('302a300506032b6570032100', 'hex'); // SubjectPublicKeyInfo (RFC 8410) up to the key

function authority(vkey) {
  const [name, id, ...rest] = vkey.split('+');
  const material = Buffer.from(rest.join('+'), 'base64');
  if (material.length !== 33 || material[0] !== 1) throw new Error('not the key of a log');
  const der = Buffer.concat([ED25519, material.subarray(1)]);
  const publicKey = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
  return { logID: Buffer.from(id, 'hex'), baseURL: name, publicKey, validFor: { start: new Date(0), end: new Date(8.64e15) } };
}

function entryOf(body, index, size, root, hashes, note) {
  return {
    logIndex: String(index),
    canonicalizedBody: body,
    inclusionProof: {
      logIndex: String(index), treeSize: String(size), rootHash: root, hashes, checkpoint: { envelope: note },
    },
  };
}

// Proofs that others made, each for itself, through the package's own front door.
function check({ note, key, records }) {
  const known = [authority(key)];
  const accepted = records.map(({ body, index, size, hashes }) => {
    const decoded = hashes.map((each) => Buffer.from(each, 'base64'));
    try {
      verifyTLogInclusion(entryOf(Buffer.from(body, 'base64'), index, size, Buffer.alloc(0), decoded, note), known);
      return true;
    } catch (error) {
      if (error.name !== 'VerificationError' && error.code === undefined) throw error;
      return false;
    }
  });
  return { accepted };
}

function tile(directory, level, index, width) {
  const digits = String(index).padStart(3 * Math.ceil(String(index).length / 3), '0');
  const groups = digits.match(/.{3}/g);
  const name = groups.map((each, place) => (place < groups.length - 1 ? `x${each}` : each)).join('/');
  const file = path.join(directory, 'tile', String(level), width < FULL ? `${name}.p/${width}` : name);
  return fs.readFileSync(file);
}

// A published log from its files alone: the note, and every entry by the leaf hashes that are published beside it.
function readLog({ directory, key }) {
  const note = fs.readFileSync(path.join(directory, 'checkpoint'), 'utf8');
  const known = [authority(key)];
  const checkpoint = verifyCheckpoint({ inclusionProof: { checkpoint: { envelope: note } } }, known);
  const size = Number(checkpoint.logSize);
  const bodies = [];
  const leaves = [];
  for (let start = 0; start < size; start += FULL) {
    const width = Math.min(FULL, size - start);
    const bundle = tile(directory, 'entries', start / FULL, width);
    let place = 0;
    for (let number = 0; number < width; number += 1) {
      const end = place + 2 + bundle.readUInt16BE(place);
      bodies.push(bundle.subarray(place + 2, end));
      place = end;
    }
    if (place !== bundle.length) throw new Error(`bundle ${start / FULL} is too long`);
    const hashes = tile(directory, 0, start / FULL, width);
    for (let at = 0; at < width * HASH; at += HASH) leaves.push(hashes.subarray(at, at + HASH));
  }
  // The rows of the tree, from which the paths are read; a node without a neighbour moves up as it is.
  const rows = [leaves];
  while (rows.at(-1).length > 1) {
    const below = rows.at(-1);
    const row = [];
    for (let at = 0; at < below.length; at += 2) {
      const [left, right] = [below[at], below[at + 1]];
      row.push(right ? crypto.createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest() : left);
    }
    rows.push(row);
  }
  for (let index = 0; index < size; index += 1) {
    const hashes = [];
    let place = index;
    for (const row of rows.slice(0, -1)) {
      if (row[place ^ 1]) hashes.push(row[place ^ 1]);
      place >>= 1;
    }
    const entry = entryOf(bodies[index], index, size, checkpoint.logHash, hashes, note);
    verifyMerkleInclusion(entry, checkpoint);
    if (index % 9973 === 0 || index === size - 1) verifyTLogInclusion(entry, known);
  }
  return { origin: checkpoint.origin, size, root: checkpoint.logHash.toString('base64'), entries: bodies.length };
}

const asked = JSON.parse(fs.readFileSync(0, 'utf8'));
let told;
try {
  told = { check, log: readLog }[asked.do](asked);
} catch (error) {
  told = { error: `${error.code ?? error.name}: ${error.message}` };
}
process.stdout.write(JSON.stringify(told));
