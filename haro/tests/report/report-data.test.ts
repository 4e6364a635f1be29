import { expect, test } from 'vitest';
import { readReportData } from '../../report/report-data';
import { aReport } from './sample-report';

function pageWith(json: string): Document {
  const page = document.implementation.createHTMLDocument();
  page.body.innerHTML = `<script id="report-data" type="application/json">${json}</script>`;
  return page;
}

test('the data of the page is read as it was written', () => {
  const given = aReport();
  given.run.name = '</script><b>';
  const read = readReportData(pageWith(JSON.stringify(given).replaceAll('<', '\\u003c')));
  expect(read).toEqual(given);
});

test.each(['"the data of the report belongs here"', 'null', '1'])('a template nobody filled says so: %s', (json) => {
  expect(() => readReportData(pageWith(json))).toThrow('empty template');
});

test('a page without a place for data is an empty template too', () => {
  expect(() => readReportData(document.implementation.createHTMLDocument())).toThrow('empty template');
});
