// What a reader does with report.html, done by itself (tests/test_report_page.sh): each line is a name and whether it held.
(async () => {
    const said = [], $ = (what) => document.querySelector(what), all = (what) => [...document.querySelectorAll(what)];
    const is = (name, held) => said.push((held ? 'ok ' : 'FAILED ') + name);
    const change = (element, value) => {
        element.value = value;
        element.dispatchEvent(new Event(element.type === 'search' ? 'input' : 'change'));
    };
    const point = (element, kind, x, y) => element.dispatchEvent(new PointerEvent(kind, {bubbles: true, clientX: x, clientY: y}));
    try {
        const data = JSON.parse($('#data').textContent), table = $('tr[id^=row-]').closest('table'), body = table.tBodies[0];
        is('contents', all('nav a').every((a) => $(a.getAttribute('href'))) && all('nav a').length > 4);
        is('every row of the answer is linked', all('tr[id^=row-]').length === data.rows.length);

        const buttons = all('thead button').filter((b) => b.closest('table') === table);
        const firsts = () => [...body.rows].map((row) => row.cells[1].firstChild.textContent);
        buttons[1].click();
        const up = firsts();
        buttons[1].click();
        is('sorted', buttons[1].closest('th').getAttribute('aria-sort') === 'descending' && up.join() === firsts().reverse().join());
        const value = (text) => { const f = /^([\d.]+)\s?(\w*)/.exec(text); return f[1] * ({us: 1e3, ms: 1e6, s: 1e9}[f[2]] || 1); };
        is('by number, not by letter', up.map(value).every((v, i, list) => !i || list[i - 1] <= v));
        is('marks and intervals go along', body.rows.length === data.rows.length);

        const filters = all('input[type=search]');
        if (filters.length) {
            const rows = filters[0].nextElementSibling.querySelector('tbody').rows;
            change(filters[0], rows[0].cells[0].textContent.trim());
            is('filtered', [...rows].some((row) => !row.hidden) && [...rows].some((row) => row.hidden));
            change(filters[0], '');
            is('and not', [...rows].every((row) => !row.hidden));
        } else is('filtered', false);

        const middles = () => all('.plot .middle').length, cells = data.rows.flatMap((row) => row.cells).length;
        is('a median for every cell', middles() === cells);
        const box = $('fieldset input'), gone = data.rows.flatMap((row) => row.cells).filter((cell) => cell.pool === 0).length;
        box.click();
        is('a pool off: gone from the plot', middles() === cells - gone);
        is('and from the table', [...table.tHead.rows[0].cells].some((head) => head.hidden));
        box.click();
        is('and on', middles() === cells && [...table.tHead.rows[0].cells].every((head) => !head.hidden));

        $('tr[id^=row-] th a').click();
        const number = Number($('select').value), row = data.rows[number];
        is('from a row to its trials', number >= 0 && middles() === row.cells.length);
        is('every trial is a point', all('.plot .trial').length === row.cells.reduce((sum, cell) => sum + cell.trials.length, 0));
        const trial = $('.plot .trial');
        point(trial, 'pointermove', 50, 50);
        is('what is pointed at', /trial \d+, block \d+/.test($('#tip').textContent) && !$('#tip').hidden);
        point($('.plot .middle'), 'pointermove', 50, 50);
        is('n and interval of a median', /interval.*n = \d+/.test($('#tip').textContent));
        const places = all('.plot .trial').map((c) => Number(c.getAttribute('cx')));
        const svg = $('.plot svg'), frame = svg.getBoundingClientRect(), [from, to] = [Math.min(...places) - 5, Math.max(...places) - 5];
        if (to - from > 25) {
            point(svg, 'pointerdown', frame.left + from, frame.top + 5);
            point(svg, 'pointerup', frame.left + to, frame.top + 5);
            is('zoomed', all('.plot .trial').length < places.length && !$('.tools button').disabled);
            $('.tools button').click();
            is('and whole', all('.plot .trial').length === places.length && $('.tools button').disabled);
        }
        $('.plot').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
        is('keys go from mark to mark', all('.plot .at').length === 1 && $('#tip').textContent !== '');
        $('.plot').dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
        is('and back', $('select').value === '-1' && middles() === cells);
        change($('select'), '0');
        is('a row by its name', middles() === data.rows[0].cells.length);
        change($('select'), '-1');

        const links = all('.answer li a');
        is('links of sentences lead somewhere', links.every((a) => $(a.getAttribute('href'))));
        is('sentences: ' + links.length + ' links', true);
        is('names: every control has one', all('button, input, select, [role=group], [role=region]').every((e) =>
            e.textContent.trim() || e.getAttribute('aria-label') || e.closest('label')));
        is('no id twice', new Set(all('[id]').map((e) => e.id)).size === all('[id]').length);
        is('nothing wider than the screen', document.documentElement.scrollWidth <= window.innerWidth + 1);

        const light = (colour) => { // relative luminance, WCAG 2.2
            const [r, g, b] = /(\d+), (\d+), (\d+)/.exec(colour).slice(1).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (e) => { const c = e ? getComputedStyle(e).backgroundColor : 'rgb(255, 255, 255)'; return /, 0\)$/.test(c) ? behind(e.parentElement) : c; };
        const contrast = (e) => { const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort(); return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
        const pale = all('h1, h2, h3, p, li, th, td, dt, dd, small, figcaption, a, button:enabled, label, legend, pre').filter((e) => e.textContent.trim() && e.getClientRects().length && contrast(e) < 4.5);
        is('contrast of 4.5 and more: ' + pale.slice(0, 3).map((e) => e.tagName + ' ' + e.textContent.slice(0, 20) + contrast(e).toFixed(2)).join('; '), !pale.length);
    } catch (error) {
        is(error.stack, false);
    }
    const log = document.createElement('pre');
    log.id = 'said';
    log.textContent = '\n' + said.join('\n') + '\n';
    document.body.append(log);
})();
