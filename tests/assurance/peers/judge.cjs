// SPDX-FileCopyrightText: 2026 The Vaka contributors
// SPDX-License-Identifier: EUPL-1.2
//
// Judges documents by other people's rules. Reads one request as JSON, writes what is wrong as a JSON list.
//   {"do": "schema", "schema": {…}, "documents": {"name": {…}}}   by a JSON schema (draft 7), with ajv
//   {"do": "csaf", "documents": {"name": {…}}}                     by CSAF 2.0: strict schema and every mandatory test

"use strict";

const fs = require("node:fs");

async function bySchema({ schema, documents }) {
  const Ajv = require("ajv").default;
  const ajv = new Ajv({ allErrors: true, strict: false });
  require("ajv-formats").default(ajv);
  const validate = ajv.compile(schema);
  const wrong = [];
  for (const [name, document] of Object.entries(documents)) {
    if (!validate(document)) {
      // Of a whole schema's alternatives only those that are about this document say anything.
      const kind = Object.keys(document)[0];
      const about = validate.errors.filter((one) => one.instancePath.startsWith(`/${kind}`));
      for (const one of about.length ? about : validate.errors) {
        wrong.push({ document: name, where: one.instancePath, what: one.message, more: one.params });
      }
    }
  }
  return wrong;
}

async function byCsaf({ documents }) {
  const { createRequire } = require("node:module");
  const { pathToFileURL } = require("node:url");
  const library = createRequire(`${process.env.NODE_PATH}/x`).resolve("@secvisogram/csaf-validator-lib/package.json");
  const from = (file) => import(pathToFileURL(library.replace("package.json", file)).href);
  const [{ default: validateStrict }, schemas, mandatory] = await Promise.all([
    from("validateStrict.js"), from("schemaTests.js"), from("mandatoryTests.js"),
  ]);
  const tests = [schemas.csaf_2_0_strict, ...Object.values(mandatory)];
  const wrong = [];
  for (const [name, document] of Object.entries(documents)) {
    const { isValid, tests: results } = await validateStrict(tests, document);
    if (isValid) continue;
    wrong.push({ document: name, test: "", where: "", what: "not valid" });
    for (const one of results) {
      for (const error of one.errors) {
        wrong.push({ document: name, test: one.name, where: error.instancePath, what: error.message });
      }
    }
  }
  return wrong;
}

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const judges = { schema: bySchema, csaf: byCsaf };
judges[asked.do](asked).then((wrong) => process.stdout.write(JSON.stringify(wrong)));
