// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2

// A judge of the ledger that shares no code with it: Go's own sumdb/note and sumdb/tlog, which guard every Go module.
// Reads one JSON request from standard input and writes one JSON answer. Hashes and bytes are base64.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type record struct {
	Index int64            `json:"index"`
	Size  int64            `json:"size"`
	Leaf  tlog.Hash        `json:"leaf"`
	Root  tlog.Hash        `json:"root"`
	Proof tlog.RecordProof `json:"proof"`
}

type tree struct {
	Old     int64          `json:"old"`
	OldRoot tlog.Hash      `json:"old_root"`
	New     int64          `json:"new"`
	NewRoot tlog.Hash      `json:"new_root"`
	Proof   tlog.TreeProof `json:"proof"`
}

type request struct {
	Do        string   `json:"do"`
	Text      string   `json:"text"`
	Note      string   `json:"note"`
	Keys      []string `json:"keys"`
	Directory string   `json:"directory"`
	Entries   [][]byte `json:"entries"`
	Indexes   []int64  `json:"indexes"`
	Sizes     []int64  `json:"sizes"`
	Records   []record `json:"records"`
	Trees     []tree   `json:"trees"`
}

type answer struct {
	Error    string      `json:"error,omitempty"`
	Note     string      `json:"note,omitempty"`
	Text     string      `json:"text,omitempty"`
	Verified []string    `json:"verified,omitempty"`
	Size     int64       `json:"size,omitempty"`
	Root     *tlog.Hash  `json:"root,omitempty"`
	Roots    []tlog.Hash `json:"roots,omitempty"`
	Entries  int64       `json:"entries,omitempty"`
	Records  []record    `json:"records,omitempty"`
	Trees    []tree      `json:"trees,omitempty"`
	Accepted []bool      `json:"accepted,omitempty"`
	Tiles    []string    `json:"tiles,omitempty"`
}

func main() {
	var asked request
	var told answer
	err := json.NewDecoder(os.Stdin).Decode(&asked)
	if err == nil {
		told, err = do(asked)
	}
	if err != nil {
		told = answer{Error: err.Error()}
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		os.Exit(1)
	}
}

func do(asked request) (answer, error) {
	switch asked.Do {
	case "open":
		return open(asked.Note, asked.Keys)
	case "sign":
		return sign(asked.Text, asked.Keys)
	case "check":
		return check(asked), nil
	case "build":
		return build(asked)
	case "log":
		return readLog(asked)
	}
	return answer{}, errors.New("no such request")
}

// open verifies a note by every known key it is signed with.
func open(text string, keys []string) (answer, error) {
	var known []note.Verifier
	for _, key := range keys {
		verifier, err := newVerifier(key)
		if err != nil {
			return answer{}, err
		}
		known = append(known, verifier)
	}
	opened, err := note.Open([]byte(text), note.VerifierList(known...))
	if err != nil {
		return answer{}, err
	}
	told := answer{Text: opened.Text}
	for _, signature := range opened.Sigs {
		told.Verified = append(told.Verified, signature.Name)
	}
	return told, nil
}

func sign(text string, keys []string) (answer, error) {
	var signers []note.Signer
	for _, key := range keys {
		signer, err := note.NewSigner(key)
		if err != nil {
			return answer{}, err
		}
		signers = append(signers, signer)
	}
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	return answer{Note: string(signed)}, err
}

// check judges proofs that others made.
func check(asked request) answer {
	var told answer
	for _, r := range asked.Records {
		told.Accepted = append(told.Accepted, tlog.CheckRecord(r.Proof, r.Size, r.Root, r.Index, r.Leaf) == nil)
	}
	for _, t := range asked.Trees {
		told.Accepted = append(told.Accepted, tlog.CheckTree(t.Proof, t.New, t.NewRoot, t.Old, t.OldRoot) == nil)
	}
	return told
}

// grown is a log in memory, made by tlog from nothing but the entries.
type grown struct{ stored []tlog.Hash }

func (g *grown) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, index := range indexes {
		hashes = append(hashes, g.stored[index])
	}
	return hashes, nil
}

func (g *grown) add(index int64, entry []byte) error {
	hashes, err := tlog.StoredHashes(index, entry, g)
	g.stored = append(g.stored, hashes...)
	return err
}

// tilesOf lists the tiles that a log of this size is published as.
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for _, tile := range tlog.NewTiles(height, 0, size) {
		if tile.W == 1<<height || tile.W == int(size>>(height*tile.L)&(1<<height-1)) {
			tiles = append(tiles, tile)
		}
	}
	return tiles
}

// path is where C2SP tlog-tiles puts a tile: without the height, and entries instead of data.
func path(tile tlog.Tile) string {
	short := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(short, "tile/data/", "tile/entries/", 1)
}

// build makes a log of its own out of entries: the root at each size, its tiles, and the proofs asked for.
func build(asked request) (answer, error) {
	log := &grown{}
	for index, entry := range asked.Entries {
		if err := log.add(int64(index), entry); err != nil {
			return answer{}, err
		}
	}
	size := int64(len(asked.Entries))
	root, err := tlog.TreeHash(size, log)
	if err != nil {
		return answer{}, err
	}
	told := answer{Size: size, Root: &root}
	for _, smaller := range asked.Sizes {
		hash, err := tlog.TreeHash(smaller, log)
		if err != nil {
			return answer{}, err
		}
		told.Roots = append(told.Roots, hash)
	}
	for _, tile := range tilesOf(size) {
		told.Tiles = append(told.Tiles, path(tile))
	}
	return told, prove(&told, asked, tlog.Tree{N: size, Hash: root}, log)
}

// readLog verifies a published log from its files alone: the note, every entry and every tile, and proofs out of them.
func readLog(asked request) (answer, error) {
	data, err := os.ReadFile(filepath.Join(asked.Directory, "checkpoint"))
	if err != nil {
		return answer{}, err
	}
	told, err := open(string(data), asked.Keys)
	if err != nil {
		return answer{}, err
	}
	lines := strings.Split(told.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return answer{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return answer{}, err
	}
	head := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(head, &files{asked.Directory})
	fromTiles, err := tlog.TreeHash(size, reader)
	if err != nil {
		return answer{}, err
	}
	told.Size, told.Root = size, &fromTiles

	log := &grown{}
	for start := int64(0); start < size; start += 1 << height {
		width := size - start
		if width > 1<<height {
			width = 1 << height
		}
		if err := readBundle(asked.Directory, start, int(width), log); err != nil {
			return answer{}, err
		}
		told.Entries += width
	}
	fromEntries, err := tlog.TreeHash(size, log)
	if err != nil {
		return answer{}, err
	}
	if fromEntries != root {
		return answer{}, errors.New("the entries are not those of the checkpoint")
	}
	// TileHashReader authenticates the tiles it needs; early versions overlook some. So each is compared, too.
	for _, tile := range tilesOf(size) {
		expected, err := tlog.ReadTileData(tile, log)
		if err != nil {
			return answer{}, err
		}
		data, err := os.ReadFile(filepath.Join(asked.Directory, path(tile)))
		if err != nil {
			return answer{}, err
		}
		if !bytes.Equal(data, expected) {
			return answer{}, fmt.Errorf("%s is not the tile of these entries", path(tile))
		}
		told.Tiles = append(told.Tiles, path(tile))
	}
	return told, prove(&told, asked, head, reader)
}

// readBundle adds the entries from start on to the log.
func readBundle(directory string, start int64, width int, log *grown) error {
	bundle := path(tlog.Tile{H: height, L: -1, N: start >> height, W: width})
	data, err := os.ReadFile(filepath.Join(directory, bundle))
	if err != nil {
		return err
	}
	for i := 0; i < width; i++ {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return fmt.Errorf("%s is too short", bundle)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		if err := log.add(start+int64(i), data[2:end]); err != nil {
			return err
		}
		data = data[end:]
	}
	if len(data) > 0 {
		return fmt.Errorf("%s is too long", bundle)
	}
	return nil
}

// prove makes the proofs asked for, and checks them itself before it hands them out.
func prove(told *answer, asked request, head tlog.Tree, reader tlog.HashReader) error {
	for _, index := range asked.Indexes {
		proof, err := tlog.ProveRecord(head.N, index, reader)
		if err != nil {
			return err
		}
		leaves, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, head.N, head.Hash, index, leaves[0]); err != nil {
			return err
		}
		told.Records = append(told.Records, record{index, head.N, leaves[0], head.Hash, proof})
	}
	for _, old := range asked.Sizes {
		oldRoot, err := tlog.TreeHash(old, reader)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(head.N, old, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, head.N, head.Hash, old, oldRoot); err != nil {
			return err
		}
		told.Trees = append(told.Trees, tree{old, oldRoot, head.N, head.Hash, proof})
	}
	return nil
}

// files reads the tiles of a log in a directory; TileHashReader authenticates what comes of it.
type files struct{ directory string }

func (f *files) Height() int { return height }

func (f *files) SaveTiles([]tlog.Tile, [][]byte) {}

func (f *files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(f.directory, path(tile)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// witness verifies cosignature/v1 lines, which sumdb/note knows nothing of, through its own interface.
type witness struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.id }

func (w witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(w.key, []byte(message), signature[8:])
}

func newVerifier(key string) (note.Verifier, error) {
	parts := strings.SplitN(key, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key")
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) != 1+ed25519.PublicKeySize || material[0] != 4 {
		return note.NewVerifier(key)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	id := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", id) != parts[1] {
		return nil, errors.New("the key id is not this key's")
	}
	return witness{parts[0], id, material[1:]}, nil
}
