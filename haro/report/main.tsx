/** Draws the report that stands in this file. */
import { createRoot } from 'react-dom/client';
import './report.css';
import { readReportData, type ReportData } from './report-data';
import { ReportPage } from './report-page';
import { reportTitle } from './report-title';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no element to draw into');

let data: ReportData | null = null;
try {
  data = readReportData(document);
} catch (error) {
  root.textContent = error instanceof Error ? error.message : String(error);
}
if (data !== null) {
  document.title = reportTitle(data.run);
  createRoot(root).render(<ReportPage data={data} />);
}
