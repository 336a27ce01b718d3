"""The words in which a reply promises something beyond figures, one family a promise."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.kit.pattern import Pattern

INTEREST_FREE: Final = "interest_free"
_DAY: Final = (
    r"(?:hoje|amanha|na hora|no mesmo dia|ainda (?:hoje|essa|esta)|(?:essa|esta|nessa|nesta) semana"
    r"|(?:na )?(?:semana|mes) que vem|na proxima semana|fim do mes|fim de semana|&[1-8]+&|@\d+|#"
    r"|\d+ (?:dias?|horas?|semanas?|minutos?))"
)


def _read(written: str) -> Pattern:
    """One alternative or more a line; «~» at the end of a line says that it goes on."""
    lines = (line.strip() for line in written.replace("{DAY}", _DAY).splitlines())
    joined = "\n".join(line for line in lines if line).replace(" ~\n", "")
    return Pattern(rf"\b(?:{'|'.join(joined.splitlines())})")


_WRITTEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        INTEREST_FREE: r"""
            (?:sem|s/|zero|nada de|livre de)(?: \w+)? (?:juros|acrescimos?)\b|juros? zero
            sem (?:cobrar )?juros?\b|(?:o )?mesmo (?:valor|preco) parcelado
        """,
        "no_deposit": r"""
            sem (?:dar )?(?:entrada|sinal|caucao|fiador)\b|(?:entrada|sinal) zero
            zero (?:de )?entrada|nao precisa (?:de |dar )?(?:entrada|sinal|fiador)
        """,
        "waiver": r"""
            nao (?:tem|temos|ha|cobra\w*|exig\w+|precisa de|existe) (?:\w+ )?(?:fidelidade ~
            |multas?|carencia|caucao|fiador|burocracia|limites?)\b
            sem (?:\w+ )?(?:fidelidade|multas?|carencia|burocracia|compromisso|limites?|adesao) ~
            |sem (?:\w+ )?(?:contrato|comprovante|comprovacao|avalista|analise|letras miudas)
        """,
        "unlimited": r"""
            qualquer (?:compra|pedido|valor|cidade|lugar|endereco|produto|plano|idade|convenio ~
            |cartao|banco|bairro|regiao|porte|tamanho|marca|modelo|raca|horario|momento)\b
            o dia (?:todo|inteiro)\b|quantas vezes quiser\w*
            (?:cancel|troqu|troc|devolv|remarc|remarqu|reagend)\w+ quando quiser\w*
            a vontade\b|ilimitad\w+
            tod[oa]s (?:[oa]s )?(?:planos|pacotes|quartos|compras|pedidos|cidades|produtos ~
            |convenios|cartoes|bancos|bairros)\b
            (?:em|n[ao]s|para|pra|pr[ao]s) tod[oa]s (?:[oa]s )?(?:planos|cursos|pacotes|servicos ~
            |modalidades|turmas|unidades|niveis|procedimentos|tratamentos|kits|modelos|idades|casos)\b
        """,
        "free": r"""
            ganh(?:a|am|e|em|ou|ar)\b(?! (?:por|hoje|em|tempo|quanto|#))
            (?:e|eh) por nossa|(?:e|eh) noss[oa]\b(?= *[.!]|$)
            gratis|gratuit\w+|de graca|(?:sem|zero|a) custo(?: zero)?\b(?! beneficio)|custo zero
            sem (?:pagar|cobrar|cobranca|taxa|gastar)\b|sem (?:nenhum|qualquer) (?:custo|valor|taxa)
            na faixa\b|isent\w+|isencao|cortesia|brindes?\b|de brinde|por (?:nossa|minha) conta
            por conta da (?:casa|empresa|escola|loja)|de presente\b|bonus\b|bonificad\w+
            nao (?:paga|pagam|vai pagar|cobra|cobramos|tem custo|custa nada)\w*(?! mais)|0800\b
            zero reais|bolsa (?:integral|parcial|de)|free\b|te dou (?:o|a|um|uma)\b
        """,
        "discount": r"""
            descont\w+|abat(?:e|em|id|iment)\w*|promoc\w+|promo\b|promocional
            ofert(?:a|ao|inha)s?\b(?! de curso)|cupo(?:m|ns)\b|cash ?back|black ?friday
            mais em conta
            (?:condicao|preco|valor|precinho) (?:especial|imperdivel|promocional|exclusiv\w)
            abaixo d[ao] (?:tabela|preco|mercado)|leve \d|pague \d
            lev[ae]\w* \d+(?: \w+)? e pag\w+ \d
            (?:faco|fecho|deixo|consigo) (?:por menos|mais barato|um precinho|um preco|barato ~
            |um valor)|(?:baixar|reduzir|diminuir|abaixar) (?:o|esse|um pouco|a)|liquida\w+
            queima de|off\b|um terco|tirar um pouco|arredond\w+|chor\w+|saldao|dobro\b|em dobro
            2 por 1|preco de custo|\d+ \w+ pel[oa] (?:preco|valor) de \d+
        """,
        "guarantee": r"""
            garanto|garantimos|garantid\w+|garante\b|garantir\b|promet[oe]\w*|prometido
            juro (?:que|por)|dou (?:minha|a minha|a) palavra|palavra de honra
            (?:com|tenho|tem|pode ter) (?:toda )?certeza|certeza (?:absoluta|que|de que)|certamente
            sem (?:erro|falta|risco\w*|medo|sombra|susto|falha)|risco zero|zero risco
            100 ?% ?(?:de )?\w+|(?:pode|pd) (?:confiar|ficar (?:tranquil\w|sossegad\w|sussegad\w))
            fi(?:ca|que) (?:tranquil\w|sossegad\w|susse\w+|de boa)|nao tem erro|tiro e queda
            dinheiro de volta|devolv\w+ (?:o |seu |todo |tudo|\d|integral)|reembols\w+
            vai (?:\w+ )?zerar|dura\w* (?:a vida (?:toda|inteira)|(?:pra|para) sempre)
            zera (?:a|sua)|nunca (?:mais )?(?:da|deu|dao|tem|quebra|vai|falha|atras)\w*
            sempre (?:funciona|da certo|aprova)
            vai (?:\w+ )?(?:dar certo|aprovar|ser aprovad\w|passar|valorizar|economizar ~
            |se arrepender|amar|adorar|aprender|emagrecer|recuperar|durar|render)|satisfacao
            (?:tudo|ja esta|ta tudo|esta) aprovad\w|nao vai se arrepender|impossivel (?:nao|dar)
            (?:sem|zero|livre de) dor\b|indolor\b|seguranca total|(?:eu )?assino embaixo|sem duvida
        """,
        "approval": r"""
            (?:credito|cadastro|financiamento|ficha|voce) (?:ja )?(?:esta |ta |foi |sera |vai ser  ~
            |e )?(?:pre[ -]?)?aprovad\w
            aprov\w+ (?:na hora|em|imediat\w+|garantid\w|automatic\w+|facil\w*|certa|todo mundo ~
            |todos|qualquer)
            (?:sem|nao) (?:consult\w+|olh\w+|faz\w* consulta|passar?)(?: \w+){0,2} (?:spc|serasa)
            mesmo (?:negativad\w|com nome sujo|com restricao)|negativad\w|nome sujo
        """,
        "scarcity": r"""
            (?:ultim|derradeir)[oa]s? (?:\d+ )?(?:vagas?|unidades?|pecas?|dias?|horas?|lugar\w* ~
            |horario\w*|chance\w*|apartamento\w*|lote\w*|kit\w*|casas?)
            so (?:hoje|ate|resta\w*|tem mais|temos mais|sobr\w+|falta\w*|tenho mais|esta? semana ~
            |\d+ (?:vagas?|unidades?))|rest(?:a|am|ou|aram)\b|sobr(?:ou|aram|am|a)\b
            vagas? limitadas?|quase (?:esgot|acab|sem vaga|no fim)\w*|esgot\w+
            acab\w+ (?:hoje|amanha|logo|rapido|essa|esta)|corre(?: que)?\b
            pouc[ao]s (?:vagas|unidades|horarios|lugares|pecas)|por tempo limitado
            valid[oa]s? (?:so |somente |apenas )?(?:hoje|ate|por|nesta|essa)
            (?:esse|este) (?:preco|valor)\b.*\b(?:so|ate|muda|sobe|aumenta|vai)\b
            (?:preco|valor)(?:es)? (?:vai|vao|sobe|sobem|muda|mudam|aumenta)\w*
            vai (?:aumentar|subir|encarecer|acabar|reajustar)|imperdivel|unica chance
            outr[oa] (?:cliente|pessoa|familia|casal)\w* (?:\w+ ){0,3}(?:interess|querendo|de olho ~
            |proposta|visit)\w*|tem gente (?:na fila|de olho|querendo)|fila de espera|concorrid\w+
        """,
        "attribute": r"""
            nativ[oa]s?\b|experientes?\b|qualificad\w+|especializad\w+|bilingue\w*|mobiliad\w+|climatizad\w+|blindad\w+|reformad\w+|privativ\w+|aquecid\w+
            refrigerad\w+|automatizad\w+|personalizad\w+|monitorad\w+|planejad\w+|gourmet
            pe na areia|vista (?:para|pro) (?:o )?mar|original de fabrica|zero km|seminov\w+
            a prova d\W|impermeave\w+|importad\w+|organic\w+|hipoalerg\w+|antiderrapante\w*|vegan\w+
            sem (?:gluten|lactose|acucar|conservante\w*)|artesana\w+|ultima geracao
            de primeira linha
            alta (?:qualidade|performance|durabilidade)|biodegradave\w+|couro legitimo|100% \w+
        """,
        "superlative": r"""
            \d estrelas?\b
            (?:o |a )?(?:melhor|menor|mais (?:barat|baix|economic|completa?|vendid|procurad ~
            |confiavel|complet|antig|conhecid|tradicional)\w*)(?: \w+){0,3} (?:d[aoe]s?|em ~
            |no) (?:regiao|cidade|mercado|brasil|bairro|pais|mundo|estado|sp|todos?|praca|zona)\b
            lider(?:es)? |numero 1|n ?1 |nota (?:maxima|10)|melhor preco|menor preco
            cobr(?:imos|o|e) (?:qualquer|a oferta|o preco|todo|oferta)
            ninguem (?:faz|vende|cobra|tem)|imbativ\w+|referencia (?:em|no|na|nacional)|premiad\w+
            (?:mais de|\d+) (?:mil )?clientes|o mais vendido|campe\w+|mais procurad\w
        """,
        "credential": r"""
            (?:certificad|credenciad|reconhecid|autorizad|homologad|registrad ~
            |aprovad)\w+ (?:pel[oa]s?|n[oa]|junto)\b|certificac\w+|selo \w+|inmetro|\bmec\b|anvisa
            \bcreci\b|\bcrea\b|iso \d+|procon|reclame aqui|parceri\w+ com|conveni\w+ com
            somos (?:parceir|conveniad|especialist|representant|filiad|revend)\w+
        """,
        "stock": r"""
            (?:a )?pronta entrega|(?:em|no|tem|temos|tem no) estoque
            (?:tem|temos|tenho|ha|existe|existem|sobrou|abriu|abrimos|consegui) (?:\w+ )?(?:vagas? ~
            |unidades?|horarios?|disponibilidade|agenda|lugar\w*)\b
            vagas? (?:abert|disponive|garantid)\w+|(?:esta|ta|estao|tao) (?:disponive\w+|livre)\b
            disponive\w+ (?:hoje|amanha|agora|pra|para)|imediat[oa]
        """,
        "delivery": r"""
            (?:entreg\w+|chega\w*|envi\w+|despach\w+|instal\w+|fic\w+ pront\w+|recebe\w*|libera\w* ~
            |encomend\w+ ~
            |sai|mont\w+|busca\w*|retira\w*|comec\w+|inici\w+|resolv\w+|conclu\w+|termin\w+|faz\w* ~
            |mud\w+|entra\w*|devolv\w+)(?: \w+){0,4} {DAY}
            {DAY}(?: \w+){0,3} (?:ja )?(?:entreg\w+|chega\w*|instal\w+|esta(?:ra)? pront\w+|(?:ta ~
            |esta|estara) (?:ai|na sua|instalad|funcionando|pronto|com voce|tudo)\w*|recebe\w* ~
            |liber\w+|mud\w+)
            entreg(?:amos|a|o) (?:em|n[oa]|para) (?:tod[oa]|qualquer|sua|casa|domicilio|o brasil)
            frete (?:gratis|incluso|por)|em (?:todo o|qualquer lugar do) brasil|na porta da
        """,
        "payment": r"""
            (?:aceit|receb|parcel|pag|financ|trabalh|divid)\w*(?: \w+){0,4} (?:cheques?|crediario ~
            |carne|consorcio|permuta|bitcoin|cripto\w*|vale\b|vr\b|fiado|fgts|financiamento ~
            |boletos?|pix|picpay|mercado pago|dolar|carro|moto|amex|carta de credito)
            (?:peg|aceit|receb|avali)\w* (?:o |um |seu |sua )*(?:\w+ )?(?:usad[oa]|antig[oa] ~
            |imovel|veiculo)\b
            (?:no|na|via|pelo) (?:crediario|carne|cheque|fiado|promissoria|consorcio)\b
            financiamento (?:proprio|direto)|direto com (?:a loja|o proprietario|o dono ~
            |a construtora|a gente)
            aceit\w+ (?:todos|qualquer|tod[ao]s? )|usar (?:o |seu )?fgts
        """,
        "included": r"""
            all inclusive|pensao completa|open bar
            (?:ja )?(?:inclui|incluso|inclusos|inclusa|inclusas|incluido|incluida|incluindo ~
            |acompanha|vem com|ja vem|vem junto|com direito a)\b
        """,
        "warranty": r"""
            garantia\b|assistencia (?:tecnica|24|gratuita|vitalicia)|vitalici\w+
            suporte (?:24|vitalicio|ilimitado)|manutencao (?:inclus|vitalic|por)\w*
            troc(?:a|amos) (?:na hora|sem|se|por um novo)|seguro (?:inclus|contra|total)\w*
        """,
        "always_open": r"""
            24 horas|24h\b|1440 minutos|todo santo dia|dia e noite|a qualquer hora
            sem (?:fechar|intervalo)|plantao|virad[oa] a noite|nao fecha\w*|madrugada
            feriados? tambem|inclusive (?:feriado|domingo)s?
        """,
    }
)
FAMILIES: Final[Mapping[str, Pattern]] = MappingProxyType(
    {name: _read(written) for name, written in _WRITTEN.items()}
)
