"""Brazilian Portuguese words that carry no subject of their own, and how chats shorten them."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.text import words

ABBREVIATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "vc": "voce",
        "vcs": "voces",
        "pra": "para",
        "pro": "para",
        "q": "que",
        "qto": "quanto",
        "qnto": "quanto",
        "qt": "quanto",
        "qnt": "quanto",
        "hj": "hoje",
        "tb": "tambem",
        "pq": "porque",
        "n": "nao",
        "ta": "esta",
        "to": "estou",
        "pgto": "pagamento",
        "end": "endereco",
        "p": "para",
        "c": "com",
        "cm": "com",
        "d": "de",
        "nn": "nao",
        "naum": "nao",
        "ce": "voce",
        "kd": "cade",
        "qro": "quero",
        "qero": "quero",
        "kero": "quero",
        "cmg": "comigo",
        "dps": "depois",
        "mto": "muito",
        "mt": "muito",
        "nd": "nada",
        "td": "tudo",
        "agr": "agora",
        "tbm": "tambem",
        "alguen": "alguem",
        "hrs": "horas",
        "hr": "hora",
        "ql": "qual",
        "qd": "quando",
        "qdo": "quando",
        "oq": "que",
        "ctz": "certeza",
        "algm": "alguem",
        "alg": "alguem",
        "ngm": "ninguem",
        "tava": "estava",
        "tou": "estou",
        "tao": "estao",
        "taum": "estao",
        "msm": "mesmo",
        "pfv": "por favor",
        "pfvr": "por favor",
        "pf": "por favor",
        "obg": "obrigado",
        "vlw": "valeu",
        "aq": "aqui",
        "di": "de",
        "mi": "me",
        "nmr": "numero",
        "nro": "numero",
        "vdd": "verdade",
        "gnt": "gente",
        "ngc": "negocio",
        "localiz": "localizacao",
        "ender": "endereco",
        "ap": "apartamento",
        "ape": "apartamento",
        "apto": "apartamento",
    }
)
GREETINGS: Final = frozenset(
    words(
        "oi oie oii oiee ola opa eai eae ei hey hello hi alo bom boa dia tarde noite tudo bem"
        " td"
        " salve fala saudacoes bdia bao joia pessoal gente"
    )
)
THANKS: Final = frozenset(
    words(
        "obrigado obrigada obg brigado brigada valeu vlw grato grata obrigadao obrigadinha"
        " brigadao brigadinha"
        " obgda obgd obgado agradeco agradecido agradecida gratidao valeuzao"
    )
)
COURTESY: Final = frozenset(
    words(
        "ok okay certo beleza blz show legal entendi perfeito combinado otimo joia massa muito"
        " tchau ate mais por favor sim pela pelo atencao ajuda mesmo demais deus abencoe viu flor"
        " com"
        " querida querido amigo amiga moca moco ai e esta tambem voce voces"
    )
)
TRADES: Final = words(
    "padaria metalurgica construtora clinica farmacia drogaria mercado mercadinho supermercado loja"
    " restaurante lanchonete pizzaria academia oficina transportadora transportes igreja escola"
    " colegio hotel pousada posto fabrica industria imobiliaria escritorio consultorio autopecas"
    " auto"
    " agropecuaria distribuidora empresa salao barbearia acougue confeitaria studio estudio grupo"
    " condominio associacao cooperativa hospital laboratorio papelaria sorveteria petshop"
    " marcenaria"
    " serralheria grafica agencia contabilidade casa bar cafe deposito"
    " borracharia mecanica lavanderia floricultura otica joalheria perfumaria boutique creche"
    " bercario"
    " faculdade universidade cartorio seguradora corretora plasticos moveis tintas ferragens"
    " materiais"
    " eletrica informatica tecnologia sistemas logistica engenharia arquitetura advocacia"
    " veterinaria"
    " fazenda haras usina cervejaria adega hamburgueria churrascaria buffet eventos turismo atacado"
    " comercial consultoria instituto fundacao"
)
FILLERS: Final = (
    GREETINGS
    | THANKS
    | frozenset(
        words(
            "ok okay certo beleza blz show entao mas e ah eh ai olha bem ate por favor gentileza"
            " moca moco amigo amiga querido querida senhor senhora cara mano vei velho gente"
            " pessoal meu ja eu aqui agora viu ne hein ta bom esta kk k rs haha sinceramente"
            " imediatamente caramba poxa po puts aff affe nossa desculpa desculpe muito grato tchau"
            " valeu serio moral deus grata porfavor favorzinho luz flor tambem lgpd slk tche bah"
            " oxe oxente vixe vish eita homi homem uai so po pow parca mermao mano irmao truta fio"
            " fia fi bicho doido menino visse viu affe sai credo misericordia caralho krl kct porra"
            " cacete pqp fdp tmj ue eh ei psiu gurizada guri bagual please pls gracias thanks"
        )
    )
)
STOP_WORDS: Final = frozenset(
    words(
        "a o as os um uma uns umas de do da dos das em no na nos nas por para com sem que e ou se"
        " eu me mim meu minha meus minhas voce voces seu sua seus suas ele ela isso esse essa este"
        " esta isto ai aqui la ja so tambem mais menos muito como quando qual quais quanto quanta"
        " quantos quantas onde quem porque ser sou estou estao estava e eh foi vai vou vao ir tem"
        " tenho ter tinha faz fazem fazer pode posso podem poder da dar quero queria gostaria"
        " saber sobre preciso favor nao sim ao aos pelo pela ainda entao mesmo agora hoje algum"
        " alguma existe existem fica ficar sao era tipo gente coisa"
    )
)
NO_NAME: Final = (
    STOP_WORDS
    | GREETINGS
    | THANKS
    | COURTESY
    | frozenset(
        words(
            "preco precos valor valores tabela orcamento energia solar placa placas painel paineis"
            " kit kits conta luz casa empresa apartamento comercio loja sitio fazenda condominio"
            " reais real mil dono dona proprietario proprietaria gerente responsavel inquilino"
            " cliente interessado interessada pessoa atendente robo humano vendedor prefiro dizer"
            " falar depois nada ninguem alguem anuncio vi moro visita instalar instalacao custa"
            " proprio propria alugado alugada imovel telhado ver interesse qualquer tanto faz"
            " fez faz tem completou entrou estuda quer precisa mora gosta adora nasceu entra"
            " chamada chamado"
            " pois quando que esposa marido pai mae filho filha irmao socio funciona funcionam"
            " explica informacao"
            " hmm hm hum humm ahn ahm uhum aham sei kkk kkkk rs rsrs stop start talvez calma espera"
            " tche"
            " bairro cidade rua claro certeza correto opa ops ue eita nossa vish depende"
            " informacoes duvida ajuda atendem parcelar parcela pagar gasto pago telefone numero"
        )
    )
)
NO_PLACE: Final = (NO_NAME - frozenset(["rio", "bom", "boa", "sao", "mais"])) | frozenset(
    words("cima baixo breve duvida geral frente perto longe outro outra familia aluguel")
)


def spelled_out(text: str, *, but: Collection[str] = ()) -> str:
    """Normalised, with the abbreviations of chats written in full, `but` these."""
    return " ".join(word if word in but else ABBREVIATIONS.get(word, word) for word in words(text))


def without_courtesy(clause: str) -> str:
    """Spelled out words without greetings, vocatives and thanks at both ends."""
    said = clause.split()
    while said and said[0] in FILLERS:
        said.pop(0)
    while said and said[-1] in FILLERS:
        said.pop()
    return " ".join(said)
